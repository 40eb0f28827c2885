// cuBLASLt: matrix products with an epilogue. Names, types and values are those of cublasLt.h, cublas_api.h and library_types.h;
// test/cuda-headers.test.ts compares them. Matrices are column-major unless the layout says CUBLASLT_ORDER_ROW.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/cuda/libraries/shared_library.h"

namespace lossmith::cublaslt {

enum cublasStatus_t : int {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_ARCH_MISMATCH = 8,
  CUBLAS_STATUS_EXECUTION_FAILED = 13,
  CUBLAS_STATUS_INTERNAL_ERROR = 14,
  CUBLAS_STATUS_NOT_SUPPORTED = 15
};
enum cudaDataType : int { CUDA_R_32F = 0, CUDA_R_16BF = 14 };
enum cublasOperation_t : int { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1 };
enum cublasComputeType_t : int { CUBLAS_COMPUTE_32F = 68, CUBLAS_COMPUTE_32F_PEDANTIC = 69, CUBLAS_COMPUTE_32F_FAST_TF32 = 77 };
enum cublasLtOrder_t : int { CUBLASLT_ORDER_COL = 0, CUBLASLT_ORDER_ROW = 1 };
enum cublasLtPointerMode_t : int { CUBLASLT_POINTER_MODE_HOST = 0, CUBLASLT_POINTER_MODE_DEVICE = 1 };
enum cublasLtReductionScheme_t : int {
  CUBLASLT_REDUCTION_SCHEME_NONE = 0,
  CUBLASLT_REDUCTION_SCHEME_INPLACE = 1,
  CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE = 2,
  CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE = 4
};
enum cublasLtEpilogue_t : int {
  CUBLASLT_EPILOGUE_DEFAULT = 1,
  CUBLASLT_EPILOGUE_RELU = 2,
  CUBLASLT_EPILOGUE_RELU_AUX = 2 | 128,
  CUBLASLT_EPILOGUE_BIAS = 4,
  CUBLASLT_EPILOGUE_RELU_BIAS = 2 | 4,
  CUBLASLT_EPILOGUE_RELU_AUX_BIAS = 2 | 128 | 4,
  CUBLASLT_EPILOGUE_DRELU = 8 | 128,
  CUBLASLT_EPILOGUE_DRELU_BGRAD = 8 | 128 | 16,
  CUBLASLT_EPILOGUE_BGRADA = 256,
  CUBLASLT_EPILOGUE_BGRADB = 512
};
enum cublasLtMatrixLayoutAttribute_t : int {
  CUBLASLT_MATRIX_LAYOUT_TYPE = 0,
  CUBLASLT_MATRIX_LAYOUT_ORDER = 1,
  CUBLASLT_MATRIX_LAYOUT_ROWS = 2,
  CUBLASLT_MATRIX_LAYOUT_COLS = 3,
  CUBLASLT_MATRIX_LAYOUT_LD = 4,
  CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT = 5,
  CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET = 6
};
enum cublasLtMatmulDescAttributes_t : int {
  CUBLASLT_MATMUL_DESC_COMPUTE_TYPE = 0,
  CUBLASLT_MATMUL_DESC_SCALE_TYPE = 1,
  CUBLASLT_MATMUL_DESC_POINTER_MODE = 2,
  CUBLASLT_MATMUL_DESC_TRANSA = 3,
  CUBLASLT_MATMUL_DESC_TRANSB = 4,
  CUBLASLT_MATMUL_DESC_EPILOGUE = 7,
  CUBLASLT_MATMUL_DESC_BIAS_POINTER = 8,
  CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE = 10,
  CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER = 11,
  CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD = 12,
  CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE = 13,
  CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE = 22,
  CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE = 26
};
enum cublasLtMatmulPreferenceAttributes_t : int {
  CUBLASLT_MATMUL_PREF_SEARCH_MODE = 0,
  CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1,
  CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK = 3,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES = 5,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES = 6,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES = 7,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES = 8
};
enum cublasLtMatmulAlgoCapAttributes_t : int { CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS = 15 };
enum cublasLtMatmulAlgoConfigAttributes_t : int {
  CUBLASLT_ALGO_CONFIG_ID = 0,
  CUBLASLT_ALGO_CONFIG_TILE_ID = 1,
  CUBLASLT_ALGO_CONFIG_SPLITK_NUM = 2,
  CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME = 3,
  CUBLASLT_ALGO_CONFIG_STAGES_ID = 6
};

using cublasLtHandle_t = struct cublasLtContext*;
using cublasLtMatmulDesc_t = struct MatmulDescOpaque*;
using cublasLtMatrixLayout_t = struct MatrixLayoutOpaque*;
using cublasLtMatmulPreference_t = struct MatmulPreferenceOpaque*;
using cudaStream_t = struct CUstream_st*;
struct cublasLtMatmulAlgo_t {
  uint64_t data[8];
};
struct cublasLtMatmulHeuristicResult_t {
  cublasLtMatmulAlgo_t algo;
  size_t workspaceSize;
  cublasStatus_t state;
  float wavesCount;
  int reserved[4];
};

// clang-format off
#define LOSSMITH_CUBLASLT_CONSTANTS(CONSTANT) \
  CONSTANT(CUBLAS_STATUS_SUCCESS) CONSTANT(CUBLAS_STATUS_NOT_INITIALIZED) CONSTANT(CUBLAS_STATUS_ALLOC_FAILED) \
  CONSTANT(CUBLAS_STATUS_INVALID_VALUE) CONSTANT(CUBLAS_STATUS_ARCH_MISMATCH) CONSTANT(CUBLAS_STATUS_EXECUTION_FAILED) \
  CONSTANT(CUBLAS_STATUS_INTERNAL_ERROR) CONSTANT(CUBLAS_STATUS_NOT_SUPPORTED) \
  CONSTANT(CUDA_R_32F) CONSTANT(CUDA_R_16BF) CONSTANT(CUBLAS_OP_N) CONSTANT(CUBLAS_OP_T) \
  CONSTANT(CUBLAS_COMPUTE_32F) CONSTANT(CUBLAS_COMPUTE_32F_PEDANTIC) CONSTANT(CUBLAS_COMPUTE_32F_FAST_TF32) \
  CONSTANT(CUBLASLT_ORDER_COL) CONSTANT(CUBLASLT_ORDER_ROW) CONSTANT(CUBLASLT_POINTER_MODE_HOST) CONSTANT(CUBLASLT_POINTER_MODE_DEVICE) \
  CONSTANT(CUBLASLT_REDUCTION_SCHEME_NONE) CONSTANT(CUBLASLT_REDUCTION_SCHEME_INPLACE) CONSTANT(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE) \
  CONSTANT(CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE) CONSTANT(CUBLASLT_EPILOGUE_DEFAULT) CONSTANT(CUBLASLT_EPILOGUE_RELU) \
  CONSTANT(CUBLASLT_EPILOGUE_RELU_AUX) CONSTANT(CUBLASLT_EPILOGUE_BIAS) CONSTANT(CUBLASLT_EPILOGUE_RELU_BIAS) \
  CONSTANT(CUBLASLT_EPILOGUE_RELU_AUX_BIAS) CONSTANT(CUBLASLT_EPILOGUE_DRELU) CONSTANT(CUBLASLT_EPILOGUE_DRELU_BGRAD) \
  CONSTANT(CUBLASLT_EPILOGUE_BGRADA) CONSTANT(CUBLASLT_EPILOGUE_BGRADB) CONSTANT(CUBLASLT_MATRIX_LAYOUT_TYPE) \
  CONSTANT(CUBLASLT_MATRIX_LAYOUT_ORDER) CONSTANT(CUBLASLT_MATRIX_LAYOUT_ROWS) CONSTANT(CUBLASLT_MATRIX_LAYOUT_COLS) \
  CONSTANT(CUBLASLT_MATRIX_LAYOUT_LD) CONSTANT(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT) CONSTANT(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET) \
  CONSTANT(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE) CONSTANT(CUBLASLT_MATMUL_DESC_SCALE_TYPE) CONSTANT(CUBLASLT_MATMUL_DESC_POINTER_MODE) \
  CONSTANT(CUBLASLT_MATMUL_DESC_TRANSA) CONSTANT(CUBLASLT_MATMUL_DESC_TRANSB) CONSTANT(CUBLASLT_MATMUL_DESC_EPILOGUE) \
  CONSTANT(CUBLASLT_MATMUL_DESC_BIAS_POINTER) CONSTANT(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE) \
  CONSTANT(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER) CONSTANT(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD) \
  CONSTANT(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE) CONSTANT(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE) \
  CONSTANT(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE) CONSTANT(CUBLASLT_MATMUL_PREF_SEARCH_MODE) \
  CONSTANT(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) CONSTANT(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK) \
  CONSTANT(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES) CONSTANT(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES) \
  CONSTANT(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES) CONSTANT(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES) \
  CONSTANT(CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS) CONSTANT(CUBLASLT_ALGO_CONFIG_ID) CONSTANT(CUBLASLT_ALGO_CONFIG_TILE_ID) \
  CONSTANT(CUBLASLT_ALGO_CONFIG_SPLITK_NUM) CONSTANT(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME) CONSTANT(CUBLASLT_ALGO_CONFIG_STAGES_ID)

#define LOSSMITH_CUBLASLT_FUNCTIONS(FUNCTION) \
  FUNCTION(cublasLtGetVersion, size_t) \
  FUNCTION(cublasLtGetStatusString, const char*, cublasStatus_t status) \
  FUNCTION(cublasLtCreate, cublasStatus_t, cublasLtHandle_t* handle) \
  FUNCTION(cublasLtDestroy, cublasStatus_t, cublasLtHandle_t handle) \
  FUNCTION(cublasLtMatmulDescCreate, cublasStatus_t, cublasLtMatmulDesc_t* desc, cublasComputeType_t computeType, cudaDataType scaleType) \
  FUNCTION(cublasLtMatmulDescDestroy, cublasStatus_t, cublasLtMatmulDesc_t desc) \
  FUNCTION(cublasLtMatmulDescSetAttribute, cublasStatus_t, cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute, const void* value, \
           size_t bytes) \
  FUNCTION(cublasLtMatrixLayoutCreate, cublasStatus_t, cublasLtMatrixLayout_t* layout, cudaDataType type, uint64_t rows, uint64_t cols, int64_t ld) \
  FUNCTION(cublasLtMatrixLayoutDestroy, cublasStatus_t, cublasLtMatrixLayout_t layout) \
  FUNCTION(cublasLtMatrixLayoutSetAttribute, cublasStatus_t, cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t attribute, \
           const void* value, size_t bytes) \
  FUNCTION(cublasLtMatmulPreferenceCreate, cublasStatus_t, cublasLtMatmulPreference_t* preference) \
  FUNCTION(cublasLtMatmulPreferenceDestroy, cublasStatus_t, cublasLtMatmulPreference_t preference) \
  FUNCTION(cublasLtMatmulPreferenceSetAttribute, cublasStatus_t, cublasLtMatmulPreference_t preference, \
           cublasLtMatmulPreferenceAttributes_t attribute, const void* value, size_t bytes) \
  FUNCTION(cublasLtMatmulAlgoGetHeuristic, cublasStatus_t, cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a, \
           cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t preference, int wanted, \
           cublasLtMatmulHeuristicResult_t* results, int* got) \
  FUNCTION(cublasLtMatmulAlgoCapGetAttribute, cublasStatus_t, const cublasLtMatmulAlgo_t* algorithm, cublasLtMatmulAlgoCapAttributes_t attribute, \
           void* value, size_t bytes, size_t* written) \
  FUNCTION(cublasLtMatmulAlgoConfigGetAttribute, cublasStatus_t, const cublasLtMatmulAlgo_t* algorithm, \
           cublasLtMatmulAlgoConfigAttributes_t attribute, void* value, size_t bytes, size_t* written) \
  FUNCTION(cublasLtMatmul, cublasStatus_t, cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void* alpha, const void* a, \
           cublasLtMatrixLayout_t aLayout, const void* b, cublasLtMatrixLayout_t bLayout, const void* beta, const void* c, \
           cublasLtMatrixLayout_t cLayout, void* d, cublasLtMatrixLayout_t dLayout, const cublasLtMatmulAlgo_t* algorithm, void* workspace, \
           size_t workspaceBytes, cudaStream_t stream)
// clang-format on

struct Api {
  LOSSMITH_CUBLASLT_FUNCTIONS(LOSSMITH_LIBRARY_POINTER)
  std::string path;
  size_t version = 0;  // of the library: 130100 for 13.1.0
};

// Opens the library with the first call. Throws what SharedLibrary throws; a later call tries again.
const Api& api();

// Throws Error(Broken, "cublas-error") that names the call.
void check(cublasStatus_t status, const char* call);

}  // namespace lossmith::cublaslt
