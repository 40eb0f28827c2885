// out[m,n] = activation(op(a)[m,k] · op(b)[k,n] + bias[n]). The only file that knows oneDNN (2.6 and 3.x). Products of matrices are its
// matmul on plain memory: within 2 % of the fastest other way (packed weights, inner_product, sgemm) for the shapes of a DeepFM lane,
// forward and backward, on AVX-512. Vectors and outer products are ours. relu is ours too: oneDNN's turns NaN into 0, which would hide
// a run that went bad.
#include <algorithm>
#include <array>
#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "engine/cpu/kernel.h"
#include "engine/cpu/matrix_vector.h"
#include "engine/errors.h"

// Of the OpenMP library that oneDNN is linked to; absent when oneDNN was built with another runtime.
extern "C" void omp_set_num_threads(int) __attribute__((weak));

namespace lossmith {
namespace {

using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;

constexpr int kCachedSizes = 8;  // batch sizes whose primitives are kept, per instruction

// Never destroyed: a thread may still compute while the process exits.
dnnl::engine& cpuEngine() {
  static auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

// The number of OpenMP threads belongs to the calling thread, so each calling thread sets it once: a lane never has a team.
void useOneThread() {
  thread_local bool done = false;
  if (!done && omp_set_num_threads != nullptr) omp_set_num_threads(1);
  done = true;
}

memory::desc matrix(int64_t rows, int64_t columns, bool transposed) {
  return memory::desc({rows, columns}, memory::data_type::f32, transposed ? memory::dims{1, rows} : memory::dims{columns, 1});
}

dnnl::matmul::primitive_desc describe(const memory::desc& a, const memory::desc& b, const memory::desc& bias, const memory::desc& out) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
  if (bias.get_ndims() == 0) return {cpuEngine(), a, b, out, attributes};
  return {cpuEngine(), a, b, bias, out, attributes};
#else
  if (bias.data.ndims == 0) return {dnnl::matmul::desc(a, b, out), attributes, cpuEngine()};
  return {dnnl::matmul::desc(a, b, bias, out), attributes, cpuEngine()};
#endif
}

// One product of fixed sizes, its memory objects made once and pointed anew at every run.
class Product {
 public:
  Product(int64_t m, int64_t n, int64_t k, bool transpose_a, bool transpose_b, bool bias) : stream_(cpuEngine()) {
    const memory::desc a = matrix(m, k, transpose_a), b = matrix(k, n, transpose_b), out = matrix(m, n, false);
    const memory::desc bias_desc = bias ? matrix(1, n, false) : memory::desc();
    const auto description = describe(a, b, bias_desc, out);
    product_ = dnnl::matmul(description);
    scratch_bytes_ = description.scratchpad_desc().get_size();
    auto add = [&](int argument, const memory::desc& desc) { arguments_.emplace(argument, memory(desc, cpuEngine(), nullptr)); };
    add(DNNL_ARG_SRC, a);
    add(DNNL_ARG_WEIGHTS, b);
    add(DNNL_ARG_DST, out);
    if (bias) add(DNNL_ARG_BIAS, bias_desc);
    if (scratch_bytes_ > 0) add(DNNL_ARG_SCRATCHPAD, description.scratchpad_desc());
  }

  void run(const float* a, const float* b, const float* bias, float* out, AlignedMemory& scratch) {
    point(DNNL_ARG_SRC, a);
    point(DNNL_ARG_WEIGHTS, b);
    point(DNNL_ARG_DST, out);
    if (bias != nullptr) point(DNNL_ARG_BIAS, bias);
    if (scratch_bytes_ > 0) point(DNNL_ARG_SCRATCHPAD, scratch.reserve(scratch_bytes_));
    product_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  void point(int argument, const void* data) { arguments_.at(argument).set_data_handle(const_cast<void*>(data)); }

  dnnl::stream stream_;
  dnnl::primitive product_;
  size_t scratch_bytes_ = 0;
  Arguments arguments_;
};

class MatmulKernel : public Kernel {
 public:
  explicit MatmulKernel(const Matmul& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const int64_t m = frame.size(op_.m), n = frame.size(op_.n), k = frame.size(op_.k);
    if (m == 0 || n == 0) return;
    const float* a = frame.floats(op_.a);
    const float* b = frame.floats(op_.b);
    const float* bias = op_.bias < 0 ? nullptr : frame.floats(op_.bias);
    float* out = frame.floats(op_.out);
    const bool relu = op_.activation == Activation::Relu;
    if (n == 1 || k == 0) {
      if (k == 0) std::fill(out, out + m * n, 0.0f);
      if (k > 0) matrixVector(a, op_.transpose_a, b, m, k, out);
      addBiasAndRelu(out, bias, relu, m, n);
    } else if (m == 1) {
      matrixVector(b, !op_.transpose_b, a, n, k, out);
      addBiasAndRelu(out, bias, relu, m, n);
    } else if (k == 1) {
      outerProduct(a, b, m, n, out);
      addBiasAndRelu(out, bias, relu, m, n);
    } else {
      try {
        useOneThread();
        product(m, n, k, frame.batch()).run(a, b, bias, out, frame.scratch);
      } catch (const dnnl::error& error) {
        throw brokenError("onednn", "[matmul] wanted a product of " + std::to_string(m) + "×" + std::to_string(k) + " and " + std::to_string(k) +
                                        "×" + std::to_string(n) + ", got oneDNN's refusal: " + error.what());
      }
      if (relu) addBiasAndRelu(out, nullptr, true, m, n);
    }
  }

 private:
  struct Cached {
    int64_t batch = -1;
    uint64_t used = 0;
    std::unique_ptr<Product> product;
  };

  // The product for this batch size; the one unused for longest makes room.
  Product& product(int64_t m, int64_t n, int64_t k, int64_t batch) {
    const auto same = std::find_if(cache_.begin(), cache_.end(), [&](const Cached& c) { return c.batch == batch; });
    Cached& entry = same != cache_.end() ? *same : *std::min_element(cache_.begin(), cache_.end(), [](auto& a, auto& b) { return a.used < b.used; });
    if (same == cache_.end()) {
      entry.product = std::make_unique<Product>(m, n, k, op_.transpose_a, op_.transpose_b, op_.bias >= 0);
      entry.batch = batch;
    }
    entry.used = ++clock_;
    return *entry.product;
  }

  const Matmul op_;
  std::array<Cached, kCachedSizes> cache_;
  uint64_t clock_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> makeMatmul(const Matmul& instruction) { return std::make_unique<MatmulKernel>(instruction); }

}  // namespace lossmith
