// See lt_plans.h. The library's relu may make 0 of a NaN, which ours does not: a run that went bad shows in the gradients of that layer all the same,
// where 0 meets the infinity that made it.
#include "engine/cuda/lt_plans.h"

#include <algorithm>
#include <string>

#include "engine/cuda/device_program.h"
#include "engine/cuda/libraries/cublaslt_api.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

using namespace cublaslt;

constexpr size_t kPlansKept = 1024;  // batches of many sizes must not fill the memory
constexpr int64_t kAlignment = 16;   // bytes: the most that a pointer is trusted with, so that a lane's place decides nothing

// One step simpler: sums first, masks next, then everything at once; plain in the end.
uint32_t simpler(uint32_t epilogue) {
  if (epilogue & kEpilogueColumnSums) return epilogue & ~kEpilogueColumnSums;
  if ((epilogue & kEpilogueMask) && (epilogue & kEpilogueRelu)) return epilogue & ~kEpilogueMask;
  return CUBLASLT_EPILOGUE_DEFAULT;
}

uint32_t wishedEpilogue(const Product& product, bool masked) {
  uint32_t epilogue = 0;
  if (product.gate != nullptr) {
    if (masked && product.bias == nullptr && !product.relu) epilogue = kEpilogueGate | kEpilogueMask;
    // The library's sums have the result's format, and a gradient is to be float32.
    if (epilogue != 0 && product.column_sums != nullptr && !product.half_out) epilogue |= kEpilogueColumnSums;
  } else {
    if (product.relu) epilogue |= kEpilogueRelu;
    if (product.relu && product.mask != nullptr) epilogue |= kEpilogueMask;
    if (product.bias != nullptr) epilogue |= kEpilogueBias;
    if (epilogue == 0 && product.sums_of_b != nullptr && !product.half_out) epilogue = kEpilogueSumsOfB;
  }
  return epilogue == 0 ? uint32_t{CUBLASLT_EPILOGUE_DEFAULT} : epilogue;
}

int64_t alignmentOf(const void* pointer) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  return std::min<int64_t>(kAlignment, static_cast<int64_t>(address & -address));
}

int64_t alignmentOf(const void* one, const void* other) {
  return other == nullptr ? alignmentOf(one) : std::min(alignmentOf(one), alignmentOf(other));
}

cudaDataType formatOf(bool half) { return half ? CUDA_R_16BF : CUDA_R_32F; }

// The library says no to a combination by any of these.
bool refuses(cublasStatus_t status) {
  return status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE || status == CUBLAS_STATUS_ARCH_MISMATCH;
}

Error noAlgorithm(const Product& p, const std::string& got) {
  return brokenError("cublas-error", "[matmul] wanted cuBLASLt to multiply " + std::to_string(p.m) + "×" + std::to_string(p.k) + " by " +
                                         std::to_string(p.k) + "×" + std::to_string(p.n) + ", got " + got);
}

struct Descriptor {
  Descriptor(cublasComputeType_t compute) { check(api().cublasLtMatmulDescCreate(&handle, compute, CUDA_R_32F), "cublasLtMatmulDescCreate"); }
  ~Descriptor() { api().cublasLtMatmulDescDestroy(handle); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  template <class Value>
  void set(cublasLtMatmulDescAttributes_t attribute, Value value) {
    check(api().cublasLtMatmulDescSetAttribute(handle, attribute, &value, sizeof value), "cublasLtMatmulDescSetAttribute");
  }
  cublasLtMatmulDesc_t handle = nullptr;
};

struct Layout {
  Layout(bool half, int64_t rows, int64_t columns, int64_t stride) {
    check(api().cublasLtMatrixLayoutCreate(&handle, formatOf(half), static_cast<uint64_t>(rows), static_cast<uint64_t>(columns), stride),
          "cublasLtMatrixLayoutCreate");
  }
  ~Layout() { api().cublasLtMatrixLayoutDestroy(handle); }
  Layout(const Layout&) = delete;
  Layout& operator=(const Layout&) = delete;
  cublasLtMatrixLayout_t handle = nullptr;
};

// `rows` × `columns` of op(x), row-major, as the library sees what is stored.
Layout layoutOf(const Matrix& x, int64_t rows, int64_t columns) {
  return x.transposed ? Layout(x.half, rows, columns, x.stride) : Layout(x.half, columns, rows, x.stride);
}

struct Preference {
  Preference() { check(api().cublasLtMatmulPreferenceCreate(&handle), "cublasLtMatmulPreferenceCreate"); }
  ~Preference() { api().cublasLtMatmulPreferenceDestroy(handle); }
  Preference(const Preference&) = delete;
  Preference& operator=(const Preference&) = delete;
  template <class Value>
  void set(cublasLtMatmulPreferenceAttributes_t attribute, Value value) {
    check(api().cublasLtMatmulPreferenceSetAttribute(handle, attribute, &value, sizeof value), "cublasLtMatmulPreferenceSetAttribute");
  }
  cublasLtMatmulPreference_t handle = nullptr;
};

std::vector<int64_t> keyOf(const Product& p, uint32_t epilogue) {
  return {p.m,
          p.n,
          p.k,
          p.a.stride,
          p.b.stride,
          p.stride,
          epilogue,
          p.a.transposed | p.b.transposed << 1 | p.a.half << 2 | p.half_out << 3 | p.half_bias << 4 | (p.added != nullptr) << 5,
          alignmentOf(p.a.data) | alignmentOf(p.b.data) << 8 | alignmentOf(p.out, p.added) << 16};
}

}  // namespace

struct LtPlans::Plan {
  Plan(cublasComputeType_t compute, const Product& p, uint32_t epilogue)
      : epilogue(epilogue), descriptor(compute), a(layoutOf(p.b, p.k, p.n)), b(layoutOf(p.a, p.m, p.k)), out(p.half_out, p.n, p.m, p.stride) {
    descriptor.set(CUBLASLT_MATMUL_DESC_TRANSA, static_cast<int32_t>(p.b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N));
    descriptor.set(CUBLASLT_MATMUL_DESC_TRANSB, static_cast<int32_t>(p.a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N));
    descriptor.set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
    if (epilogue & (kEpilogueBias | kEpilogueColumnSums | kEpilogueSumsOfB)) {
      const bool half = (epilogue & kEpilogueBias) && p.half_bias;
      descriptor.set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, static_cast<int32_t>(formatOf(half)));
    }
    if (epilogue & kEpilogueMask) descriptor.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, 8 * maskStride(p.n));
    point(p);
  }

  // The heuristic, too, looks at these pointers, for their alignment.
  void point(const Product& p) {
    if (epilogue & kEpilogueBias) descriptor.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
    if (epilogue & kEpilogueColumnSums) descriptor.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(p.column_sums));
    if (epilogue & kEpilogueSumsOfB) descriptor.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(p.sums_of_b));
    if (epilogue & kEpilogueMask) descriptor.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, static_cast<const void*>(p.mask));
  }

  const uint32_t epilogue;
  Descriptor descriptor;
  Layout a, b, out;
  bool found = false;
  cublasLtMatmulHeuristicResult_t choice{};
};

LtPlans::LtPlans(Precision precision, void* workspace, size_t workspace_bytes)
    : precision_(precision), workspace_(workspace), workspace_bytes_(workspace_bytes) {
  cublasLtHandle_t handle = nullptr;
  check(api().cublasLtCreate(&handle), "cublasLtCreate");
  handle_ = handle;
}

LtPlans::~LtPlans() {
  plans_.clear();
  api().cublasLtDestroy(static_cast<cublasLtHandle_t>(handle_));
}

uint32_t LtPlans::enqueue(Stream& stream, const Product& product, bool masked) {
  const uint32_t wished = wishedEpilogue(product, masked);
  const Key key = keyOf(product, wished);
  auto known = plans_.find(key);
  if (known == plans_.end()) {
    if (plans_.size() == kPlansKept) plans_.clear();
    known = plans_.emplace(key, makePlan(product, wished)).first;
  }
  // What the heuristic offers may still be refused: it does not know that something is added, for one.
  while (!call(stream, known->second, product)) {
    if (known->second->epilogue == CUBLASLT_EPILOGUE_DEFAULT) throw noAlgorithm(product, "its refusal");
    known->second = makePlan(product, simpler(known->second->epilogue));
  }
  const uint32_t done = known->second->epilogue;
  return done == CUBLASLT_EPILOGUE_DEFAULT ? 0 : done;
}

std::shared_ptr<LtPlans::Plan> LtPlans::makePlan(const Product& product, uint32_t epilogue) {
  for (;; epilogue = simpler(epilogue)) {
    std::shared_ptr<Plan> plan = prepare(product, epilogue);
    if (plan->found) return plan;
    if (epilogue == CUBLASLT_EPILOGUE_DEFAULT) throw noAlgorithm(product, "no algorithm for it");
  }
}

std::shared_ptr<LtPlans::Plan> LtPlans::prepare(const Product& product, uint32_t epilogue) {
  const cublasComputeType_t compute = product.a.half || precision_ == Precision::Float32 ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_32F_FAST_TF32;
  auto plan = std::make_shared<Plan>(compute, product, epilogue);
  chooseAlgorithm(*plan, product);
  if (epilogue != kEpilogueSumsOfB || !plan->found) return plan;
  // Gradients of weights sum over the whole batch, in few tiles: they need algorithms that cut the sum, and those may lack this epilogue. Half
  // of the GPU that the plain product would use is the least that makes up for a second pass over b.
  const auto plain = prepare(product, CUBLASLT_EPILOGUE_DEFAULT);
  if (plain->found && plan->choice.wavesCount < 0.5f * std::min(plain->choice.wavesCount, 1.0f)) plan->found = false;
  return plan;
}

void LtPlans::chooseAlgorithm(Plan& plan, const Product& p) {
  Preference preference;
  preference.set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<uint64_t>(workspace_bytes_));
  // Parts of a sum are joined in a pass of their own, in a fixed order.
  preference.set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, static_cast<uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
  preference.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, static_cast<uint32_t>(alignmentOf(p.b.data)));
  preference.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, static_cast<uint32_t>(alignmentOf(p.a.data)));
  preference.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, static_cast<uint32_t>(alignmentOf(p.out, p.added)));
  preference.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, static_cast<uint32_t>(alignmentOf(p.out, p.added)));
  int found = 0;
  const cublasStatus_t status =
      api().cublasLtMatmulAlgoGetHeuristic(static_cast<cublasLtHandle_t>(handle_), plan.descriptor.handle, plan.a.handle, plan.b.handle,
                                           plan.out.handle, plan.out.handle, preference.handle, 1, &plan.choice, &found);
  if (!refuses(status)) check(status, "cublasLtMatmulAlgoGetHeuristic");
  plan.found = status == CUBLAS_STATUS_SUCCESS && found > 0 && plan.choice.state == CUBLAS_STATUS_SUCCESS;
}

// False: the library refuses; nothing was asked for.
bool LtPlans::call(Stream& stream, const std::shared_ptr<Plan>& plan, const Product& p) {
  auto work = [plan, p, handle = handle_, workspace = workspace_, bytes = workspace_bytes_, to = stream.handle()] {
    plan->point(p);
    const float one = 1, beta = p.added == nullptr ? 0 : 1;
    const void* c = p.added == nullptr ? p.out : p.added;
    return api().cublasLtMatmul(static_cast<cublasLtHandle_t>(handle), plan->descriptor.handle, &one, p.b.data, plan->a.handle, p.a.data,
                                plan->b.handle, &beta, c, plan->out.handle, p.out, plan->out.handle, &plan->choice.algo, workspace, bytes,
                                static_cast<cublaslt::cudaStream_t>(to));
  };
  auto accepts = [](cublasStatus_t status) {
    if (!refuses(status)) check(status, "cublasLtMatmul");
    return status == CUBLAS_STATUS_SUCCESS;
  };
  if (!stream.device().emulated()) return accepts(work());
  // While a graph is captured the work is only kept; at a replay nobody is there to take another way.
  struct Answer {
    cublasStatus_t status = CUBLAS_STATUS_SUCCESS;
    bool asked = false;
  };
  auto answer = std::make_shared<Answer>();
  stream.emulate([work, answer] {
    answer->status = work();
    if (answer->asked) check(answer->status, "cublasLtMatmul");
  });
  answer->asked = true;
  return accepts(answer->status);
}

}  // namespace lossmith
