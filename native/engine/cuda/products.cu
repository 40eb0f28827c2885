// See products.h.
#include <cstdlib>

#include "engine/cuda/lt_plans.h"
#include "engine/cuda/product_epilogue.cuh"
#include "engine/cuda/product_kernels.h"
#include "engine/cuda/products.h"

namespace lossmith {
namespace {

constexpr size_t kWorkspaceBytes = size_t{32} << 20;  // what NVIDIA recommends for sm_90
constexpr size_t kEmulatedBytes = size_t{2} << 20;    // enough for kernels of our own

Epilogue epilogueOf(const Product& p) {
  Epilogue epilogue;
  epilogue.out = p.out;
  epilogue.stride = p.stride;
  epilogue.half_out = p.half_out;
  epilogue.added = p.added;
  epilogue.bias = p.bias;
  epilogue.half_bias = p.half_bias;
  epilogue.relu = p.relu;
  epilogue.gate = p.gate;
  epilogue.gate_stride = p.gate_stride;
  epilogue.half_gate = p.half_gate;
  return epilogue;
}

Epilogue into(float* sums) {
  Epilogue epilogue;
  epilogue.out = sums;
  return epilogue;
}

}  // namespace

Products::Products(Device& device, Precision precision)
    : device_(device), precision_(precision), workspace_(device, device.emulated() ? kEmulatedBytes : kWorkspaceBytes) {
  if (!device.emulated() || std::getenv("LOSSMITH_CUBLASLT") != nullptr) {
    plans_ = std::make_unique<LtPlans>(precision, workspace_.data(), workspace_.bytes());
  }
}

Products::~Products() = default;

void Products::enqueue(Stream& stream, const Product& product) {
  uint32_t done = ~0u & ~(kEpilogueMask | kEpilogueColumnSums | kEpilogueSumsOfB);  // of what is asked for, by the kernels of our own
  if (!byVector(stream, product)) {
    if (plans_ != nullptr) {
      done = plans_->enqueue(stream, product, product.gate != nullptr && masks_.contains(product.mask));
    } else {
      multiplyInLoops(stream, product, precision_ != Precision::Float32 && !product.a.half, epilogueOf(product));
    }
  }
  if (product.mask != nullptr && product.relu) {
    if (done & kEpilogueMask) masks_.insert(product.mask);
    else masks_.erase(product.mask);
  }
  finish(stream, product, done);
}

// What neither the library nor a kernel has done with the result.
void Products::finish(Stream& stream, const Product& product, uint32_t done) {
  Epilogue rest = epilogueOf(product);
  rest.added = nullptr;
  if (done & kEpilogueBias) rest.bias = nullptr;
  if (done & kEpilogueRelu) rest.relu = false;
  if (done & kEpilogueGate) rest.gate = nullptr;
  if (rest.bias != nullptr || rest.relu || rest.gate != nullptr) passThrough(stream, product.m, product.n, false, rest);
  if (product.column_sums != nullptr && !(done & kEpilogueColumnSums)) {
    sumColumns(stream, {product.out, product.stride, false, product.half_out}, nullptr, product.m, product.n, Along::Row, into(product.column_sums),
               workspace_);
  }
  if (product.sums_of_b != nullptr && !(done & kEpilogueSumsOfB)) {
    sumColumns(stream, product.b, nullptr, product.k, product.n, Along::Row, into(product.sums_of_b), workspace_);
  }
}

// Products of nothing, with a vector and of two vectors, which the library is slow at or has not.
bool Products::byVector(Stream& stream, const Product& p) {
  const Epilogue epilogue = epilogueOf(p);
  const auto* a = static_cast<const float*>(p.a.data);
  const auto* b = static_cast<const float*>(p.b.data);
  if (p.m == 0 || p.n == 0) return true;
  if (p.k == 0) passThrough(stream, p.m, p.n, true, epilogue);
  else if (p.a.half || p.b.half) return false;
  else if (p.n == 1 && !p.a.transposed) dotRows(stream, a, b, p.m, p.k, Along::Column, epilogue);
  else if (p.n == 1) sumColumns(stream, p.a, b, p.k, p.m, Along::Column, epilogue, workspace_);
  else if (p.m == 1 && p.b.transposed) dotRows(stream, b, a, p.n, p.k, Along::Row, epilogue);
  else if (p.m == 1) sumColumns(stream, p.b, a, p.k, p.n, Along::Row, epilogue, workspace_);
  else if (p.k == 1) multiplyOuter(stream, a, b, p.m, p.n, epilogue);
  else return false;
  return true;
}

}  // namespace lossmith
