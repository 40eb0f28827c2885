// A libcublasLt.so on host memory, for tests of what calls it (native/ts/cublaslt-mock.test.support.ts builds and loads it). It is strict where the
// real one is silent: whatever no caller of ours may do is CUBLAS_STATUS_INTERNAL_ERROR with a message. Column-major, as the real one.
//   MOCK_CUBLASLT_LOG     file: a line for every product, "M×N×K opA opB epilogue typeA typeD beta"
//   MOCK_CUBLASLT_REFUSE  epilogues, by number, for which the heuristic has no algorithm
//   MOCK_CUBLASLT_REFUSE_LATE  those that cublasLtMatmul refuses
//   MOCK_CUBLASLT_FEW_WAVES    those whose algorithm fills a hundredth of the GPU
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/cuda/libraries/cublaslt_api.h"

namespace lossmith::cublaslt {

struct MatmulDescOpaque {
  cublasComputeType_t compute;
  std::map<int, std::vector<char>> attributes;
  template <class Value>
  Value get(cublasLtMatmulDescAttributes_t attribute, Value otherwise) const {
    const auto known = attributes.find(attribute);
    if (known != attributes.end()) std::memcpy(&otherwise, known->second.data(), sizeof otherwise);
    return otherwise;
  }
  uint32_t epilogue() const { return get<uint32_t>(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_DEFAULT); }
  bool transposes(cublasLtMatmulDescAttributes_t which) const { return get<int32_t>(which, CUBLAS_OP_N) == CUBLAS_OP_T; }
};
struct MatrixLayoutOpaque {
  cudaDataType type;
  int64_t rows, columns, stride;
};
struct MatmulPreferenceOpaque {
  std::map<int, uint64_t> attributes;
};

namespace {

constexpr size_t kWorkspace = 4096;  // that every algorithm wants
std::string lastError = "success";

cublasStatus_t wrong(const std::string& what) {
  lastError = "mock: " + what;
  return CUBLAS_STATUS_INTERNAL_ERROR;
}

bool named(const char* variable, uint32_t epilogue) {
  const char* list = std::getenv(variable);
  return list != nullptr && (',' + std::string(list) + ',').find(',' + std::to_string(epilogue) + ',') != std::string::npos;
}

size_t bytesOf(cublasLtMatmulDescAttributes_t attribute) {
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER:
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD:
    case CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE:
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE:
      return 8;
    default:
      return 4;
  }
}

bool aligned(const void* pointer, uint64_t bytes) { return reinterpret_cast<uintptr_t>(pointer) % bytes == 0; }

float widened(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t narrowed(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  if (x != x) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float toTf32(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  return x - x != 0 ? x : std::bit_cast<float>((bits + 0xfff + (bits >> 13 & 1)) & ~uint32_t{0x1fff});
}

float load(const void* data, cudaDataType type, int64_t at) {
  return type == CUDA_R_32F ? static_cast<const float*>(data)[at] : widened(static_cast<const uint16_t*>(data)[at]);
}

void store(void* data, cudaDataType type, int64_t at, float x) {
  if (type == CUDA_R_32F) static_cast<float*>(data)[at] = x;
  else static_cast<uint16_t*>(data)[at] = narrowed(x);
}

// What an algorithm was chosen for; it may be used for nothing else.
struct Chosen {
  uint64_t shape, alignments;
};

struct Sizes {
  int64_t m, n, k;
};

// Everything but pointers. Empty: all is well.
std::string mistakeIn(const MatmulDescOpaque& desc, const MatrixLayoutOpaque& a, const MatrixLayoutOpaque& b, const MatrixLayoutOpaque& c,
                      const MatrixLayoutOpaque& d, Sizes& sizes) {
  const bool ta = desc.transposes(CUBLASLT_MATMUL_DESC_TRANSA), tb = desc.transposes(CUBLASLT_MATMUL_DESC_TRANSB);
  sizes = {ta ? a.columns : a.rows, tb ? b.rows : b.columns, ta ? a.rows : a.columns};
  if (sizes.k != (tb ? b.columns : b.rows) || d.rows != sizes.m || d.columns != sizes.n) return "sizes that do not fit";
  if (c.rows != d.rows || c.columns != d.columns || c.stride != d.stride || c.type != d.type) return "C unlike D";
  for (const auto* layout : {&a, &b, &c, &d}) {
    if (layout->rows < 1 || layout->columns < 1 || layout->stride < layout->rows) return "a leading dimension below the rows, or no rows";
  }
  if (a.type != b.type) return "A and B of different types";
  if (a.type == CUDA_R_32F && d.type != CUDA_R_32F) return "bf16 from float32";
  if (a.type == CUDA_R_16BF && desc.compute != CUBLAS_COMPUTE_32F) return "bf16 computed in another type than float32";
  const uint32_t epilogue = desc.epilogue();
  static const std::set<uint32_t> known{
      CUBLASLT_EPILOGUE_DEFAULT,       CUBLASLT_EPILOGUE_RELU,  CUBLASLT_EPILOGUE_RELU_AUX,    CUBLASLT_EPILOGUE_BIAS,   CUBLASLT_EPILOGUE_RELU_BIAS,
      CUBLASLT_EPILOGUE_RELU_AUX_BIAS, CUBLASLT_EPILOGUE_DRELU, CUBLASLT_EPILOGUE_DRELU_BGRAD, CUBLASLT_EPILOGUE_BGRADA, CUBLASLT_EPILOGUE_BGRADB};
  if (!known.contains(epilogue)) return "no such epilogue: " + std::to_string(epilogue);
  if (epilogue & (4 | 16 | 256 | 512)) {
    const auto bias = static_cast<cudaDataType>(desc.get<int32_t>(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, d.type));
    if (bias != d.type) return "a bias of another type than D";
    const auto* pointer = desc.get<const void*>(CUBLASLT_MATMUL_DESC_BIAS_POINTER, nullptr);
    if (pointer == nullptr || !aligned(pointer, 16)) return "no aligned bias";
  }
  if (epilogue & 128) {
    const auto* mask = desc.get<const void*>(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, nullptr);
    const auto stride = desc.get<int64_t>(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, 0);
    if (mask == nullptr || !aligned(mask, 16)) return "no aligned mask";
    if (stride % 128 != 0 || stride < d.rows) return "a mask's leading dimension of " + std::to_string(stride);
  }
  return "";
}

uint64_t shapeOf(const MatmulDescOpaque& desc, const MatrixLayoutOpaque& a, const MatrixLayoutOpaque& b, const MatrixLayoutOpaque& d) {
  uint64_t hash = desc.epilogue();
  const auto mix = [&](int64_t value) { hash = (hash ^ static_cast<uint64_t>(value)) * 0x100000001b3u; };
  mix(desc.compute);
  mix(desc.transposes(CUBLASLT_MATMUL_DESC_TRANSA));
  mix(desc.transposes(CUBLASLT_MATMUL_DESC_TRANSB));
  for (const auto* layout : {&a, &b, &d}) {
    for (const int64_t value : {int64_t{layout->type}, layout->rows, layout->columns, layout->stride}) mix(value);
  }
  return hash;
}

void note(const MatmulDescOpaque& desc, const Sizes& sizes, const MatrixLayoutOpaque& a, const MatrixLayoutOpaque& d, float beta) {
  const char* path = std::getenv("MOCK_CUBLASLT_LOG");
  if (path == nullptr) return;
  std::FILE* file = std::fopen(path, "a");
  std::fprintf(file, "%ld×%ld×%ld %c %c %u %d %d %g\n", sizes.m, sizes.n, sizes.k, desc.transposes(CUBLASLT_MATMUL_DESC_TRANSA) ? 'T' : 'N',
               desc.transposes(CUBLASLT_MATMUL_DESC_TRANSB) ? 'T' : 'N', desc.epilogue(), a.type, d.type, beta);
  std::fclose(file);
}

struct Operand {
  std::vector<float> values;  // op(x), row by row
  Operand(const void* data, const MatrixLayoutOpaque& layout, bool transposed, bool tf32) {
    const int64_t rows = transposed ? layout.columns : layout.rows, columns = transposed ? layout.rows : layout.columns;
    for (int64_t r = 0; r < rows; r++) {
      for (int64_t c = 0; c < columns; c++) {
        const float x = load(data, layout.type, transposed ? r * layout.stride + c : c * layout.stride + r);
        values.push_back(tf32 ? toTf32(x) : x);
      }
    }
  }
};

void multiply(const MatmulDescOpaque& desc, const Sizes& sizes, const Operand& a, const Operand& b, float beta, const void* c, void* d,
              const MatrixLayoutOpaque& layout) {
  const auto [m, n, k] = sizes;
  const uint32_t epilogue = desc.epilogue();
  const bool forward = epilogue & 2, gated = epilogue & 8;
  auto* bias = desc.get<void*>(CUBLASLT_MATMUL_DESC_BIAS_POINTER, nullptr);
  auto* mask = desc.get<uint8_t*>(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, nullptr);
  const auto mask_stride = desc.get<int64_t>(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, 0);
  std::vector<double> sums(m, 0);
  for (int64_t column = 0; column < n; column++) {
    for (int64_t row = 0; row < m; row++) {
      double dot = 0;
      for (int64_t i = 0; i < k; i++) dot += static_cast<double>(a.values[row * k + i]) * b.values[i * n + column];
      auto v = static_cast<float>(dot);
      const int64_t at = column * layout.stride + row;
      if (beta != 0) v += beta * load(c, layout.type, at);
      if (epilogue & 4) v += load(bias, layout.type, row);
      uint8_t* byte = mask == nullptr ? nullptr : mask + column * (mask_stride / 8) + row / 8;
      if (gated && !(*byte >> row % 8 & 1)) v = 0;
      if (forward && (epilogue & 128)) *byte = static_cast<uint8_t>((*byte & ~(1 << row % 8)) | (v > 0) << row % 8);
      if (forward && v < 0) v = 0;
      store(d, layout.type, at, v);
      sums[row] += v;
    }
  }
  if (epilogue & 16) {
    for (int64_t row = 0; row < m; row++) store(bias, layout.type, row, static_cast<float>(sums[row]));
  }
  const bool of_a = epilogue == CUBLASLT_EPILOGUE_BGRADA;
  if (!of_a && epilogue != CUBLASLT_EPILOGUE_BGRADB) return;
  for (int64_t j = 0; j < (of_a ? m : n); j++) {
    double sum = 0;
    for (int64_t i = 0; i < k; i++) sum += of_a ? a.values[j * k + i] : b.values[i * n + j];
    store(bias, layout.type, j, static_cast<float>(sum));
  }
}

}  // namespace

#define MOCK extern "C" __attribute__((visibility("default")))

MOCK size_t cublasLtGetVersion() { return 130101; }
MOCK const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_INTERNAL_ERROR ? lastError.c_str() : "another status";
}
MOCK cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = reinterpret_cast<cublasLtHandle_t>(new int(7));
  return CUBLAS_STATUS_SUCCESS;
}
MOCK cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete reinterpret_cast<int*>(handle);
  return CUBLAS_STATUS_SUCCESS;
}
MOCK cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* desc, cublasComputeType_t compute, cudaDataType scale) {
  if (scale != CUDA_R_32F) return wrong("a scale that is not float32");
  *desc = new MatmulDescOpaque{compute, {}};
  return CUBLAS_STATUS_SUCCESS;
}
MOCK cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc) {
  delete desc;
  return CUBLAS_STATUS_SUCCESS;
}
MOCK cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute, const void* value,
                                                   size_t bytes) {
  if (bytes != bytesOf(attribute)) return wrong("attribute " + std::to_string(attribute) + " of " + std::to_string(bytes) + " bytes");
  desc->attributes[attribute].assign(static_cast<const char*>(value), static_cast<const char*>(value) + bytes);
  return CUBLAS_STATUS_SUCCESS;
}
MOCK cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type, uint64_t rows, uint64_t cols, int64_t ld) {
  *layout = new MatrixLayoutOpaque{type, static_cast<int64_t>(rows), static_cast<int64_t>(cols), ld};
  return CUBLAS_STATUS_SUCCESS;
}
MOCK cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete layout;
  return CUBLAS_STATUS_SUCCESS;
}
MOCK cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t, cublasLtMatrixLayoutAttribute_t, const void*, size_t) {
  return wrong("a layout's attribute, which nobody needs yet");
}
MOCK cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = new MatmulPreferenceOpaque;
  return CUBLAS_STATUS_SUCCESS;
}
MOCK cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete preference;
  return CUBLAS_STATUS_SUCCESS;
}
MOCK cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t attribute,
                                                         const void* value, size_t bytes) {
  if (bytes != (attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES ? 8u : 4u)) return wrong("a preference of " + std::to_string(bytes) + " bytes");
  std::memcpy(&preference->attributes[attribute], value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

MOCK cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                                                   cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                                   cublasLtMatmulPreference_t preference, int wanted, cublasLtMatmulHeuristicResult_t* results,
                                                   int* got) {
  *got = 0;
  if (*reinterpret_cast<int*>(handle) != 7 || wanted < 1) return wrong("no handle, or nothing wanted");
  Sizes sizes{};
  const std::string mistake = mistakeIn(*desc, *a, *b, *c, *d, sizes);
  if (!mistake.empty()) return wrong(mistake);
  auto& asked = preference->attributes;
  // In place, the order of a sum would be that in which blocks come to it.
  if (asked[CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK] != CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE) return wrong("other ways of joining sums");
  if (asked[CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES] < kWorkspace) return wrong("no workspace");
  if (named("MOCK_CUBLASLT_REFUSE", desc->epilogue())) return CUBLAS_STATUS_NOT_SUPPORTED;
  Chosen chosen{shapeOf(*desc, *a, *b, *d), 0};
  for (const auto attribute : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                               CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    chosen.alignments = chosen.alignments << 16 | asked[attribute];
  }
  *results = {};
  std::memcpy(results->algo.data, &chosen, sizeof chosen);
  results->workspaceSize = kWorkspace;
  results->wavesCount = named("MOCK_CUBLASLT_FEW_WAVES", desc->epilogue()) ? 0.01f : 1;
  *got = 1;
  return CUBLAS_STATUS_SUCCESS;
}

MOCK cublasStatus_t cublasLtMatmulAlgoCapGetAttribute(const cublasLtMatmulAlgo_t*, cublasLtMatmulAlgoCapAttributes_t, void*, size_t, size_t*) {
  return wrong("an algorithm's capabilities, which nobody needs yet");
}
MOCK cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t*, cublasLtMatmulAlgoConfigAttributes_t, void*, size_t, size_t*) {
  return wrong("an algorithm's configuration, which nobody needs yet");
}

MOCK cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void* alpha, const void* a,
                                   cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                                   cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algorithm,
                                   void* workspace, size_t workspace_bytes, cudaStream_t stream) {
  Sizes sizes{};
  const std::string mistake = mistakeIn(*desc, *a_layout, *b_layout, *c_layout, *d_layout, sizes);
  if (!mistake.empty()) return wrong(mistake);
  if (*reinterpret_cast<int*>(handle) != 7 || stream != nullptr) return wrong("another handle or stream");
  Chosen chosen{};
  std::memcpy(&chosen, algorithm->data, sizeof chosen);
  if (chosen.shape != shapeOf(*desc, *a_layout, *b_layout, *d_layout)) return wrong("an algorithm of another product");
  uint64_t alignments = chosen.alignments;
  for (const void* pointer : {static_cast<const void*>(d), c, b, a}) {
    if (pointer == nullptr || !aligned(pointer, alignments & 0xffff)) return wrong("a pointer that is not as aligned as was promised");
    alignments >>= 16;
  }
  if (workspace == nullptr || workspace_bytes < kWorkspace) return wrong("no workspace");
  if (*static_cast<const float*>(alpha) != 1) return wrong("an alpha that is not 1");
  if (d == a || d == b) return wrong("a result in place of an operand");
  if (named("MOCK_CUBLASLT_REFUSE_LATE", desc->epilogue())) return CUBLAS_STATUS_NOT_SUPPORTED;
  std::memset(workspace, 0xff, kWorkspace);
  const bool tf32 = desc->compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  const float factor = *static_cast<const float*>(beta);
  const Operand left(a, *a_layout, desc->transposes(CUBLASLT_MATMUL_DESC_TRANSA), tf32);
  const Operand right(b, *b_layout, desc->transposes(CUBLASLT_MATMUL_DESC_TRANSB), tf32);
  multiply(*desc, sizes, left, right, factor, c, d, *d_layout);
  note(*desc, sizes, *a_layout, *d_layout, factor);
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace lossmith::cublaslt
