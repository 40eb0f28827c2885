// NCCL's calls, from 2.14 on. Names, types and values are those of nccl.h; test/cuda-headers.test.ts compares them.
#pragma once

#include <cstddef>
#include <string>

#include "engine/cuda/libraries/shared_library.h"

namespace lossmith::nccl {

enum ncclResult_t : int {
  ncclSuccess = 0,
  ncclUnhandledCudaError = 1,
  ncclSystemError = 2,
  ncclInternalError = 3,
  ncclInvalidArgument = 4,
  ncclInvalidUsage = 5,
  ncclRemoteError = 6,
  ncclInProgress = 7
};
enum ncclDataType_t : int {
  ncclInt8 = 0,
  ncclUint8 = 1,
  ncclInt32 = 2,
  ncclUint32 = 3,
  ncclInt64 = 4,
  ncclUint64 = 5,
  ncclFloat16 = 6,
  ncclFloat32 = 7,
  ncclFloat64 = 8,
  ncclBfloat16 = 9
};
enum ncclRedOp_t : int { ncclSum = 0, ncclProd = 1, ncclMax = 2, ncclMin = 3, ncclAvg = 4 };

using ncclComm_t = struct ncclComm*;
using cudaStream_t = struct CUstream_st*;
struct ncclUniqueId {
  char internal[128];
};
// The configuration of 2.14, with which every later version begins: it reads `size` bytes and takes what is left out as its defaults.
struct ncclConfig_t {
  size_t size = 24;
  unsigned int magic = 0xcafebeef;
  unsigned int version = 21400;
  int blocking = 0;
};
static_assert(sizeof(ncclConfig_t) == 24);

// clang-format off
#define LOSSMITH_NCCL_CONSTANTS(CONSTANT) \
  CONSTANT(ncclSuccess) CONSTANT(ncclUnhandledCudaError) CONSTANT(ncclSystemError) CONSTANT(ncclInternalError) CONSTANT(ncclInvalidArgument) \
  CONSTANT(ncclInvalidUsage) CONSTANT(ncclRemoteError) CONSTANT(ncclInProgress) CONSTANT(ncclInt8) CONSTANT(ncclUint8) CONSTANT(ncclInt32) \
  CONSTANT(ncclUint32) CONSTANT(ncclInt64) CONSTANT(ncclUint64) CONSTANT(ncclFloat16) CONSTANT(ncclFloat32) CONSTANT(ncclFloat64) \
  CONSTANT(ncclBfloat16) CONSTANT(ncclSum) CONSTANT(ncclProd) CONSTANT(ncclMax) CONSTANT(ncclMin) CONSTANT(ncclAvg)

#define LOSSMITH_NCCL_FUNCTIONS(FUNCTION) \
  FUNCTION(ncclGetVersion, ncclResult_t, int* version) \
  FUNCTION(ncclGetErrorString, const char*, ncclResult_t result) \
  FUNCTION(ncclGetLastError, const char*, ncclComm_t comm) \
  FUNCTION(ncclGetUniqueId, ncclResult_t, ncclUniqueId* id) \
  FUNCTION(ncclCommInitRank, ncclResult_t, ncclComm_t* comm, int ranks, ncclUniqueId id, int rank) \
  FUNCTION(ncclCommInitRankConfig, ncclResult_t, ncclComm_t* comm, int ranks, ncclUniqueId id, int rank, ncclConfig_t* config) \
  FUNCTION(ncclCommFinalize, ncclResult_t, ncclComm_t comm) \
  FUNCTION(ncclCommDestroy, ncclResult_t, ncclComm_t comm) \
  FUNCTION(ncclCommAbort, ncclResult_t, ncclComm_t comm) \
  FUNCTION(ncclCommGetAsyncError, ncclResult_t, ncclComm_t comm, ncclResult_t* error) \
  FUNCTION(ncclCommCount, ncclResult_t, const ncclComm_t comm, int* ranks) \
  FUNCTION(ncclCommCuDevice, ncclResult_t, const ncclComm_t comm, int* device) \
  FUNCTION(ncclCommUserRank, ncclResult_t, const ncclComm_t comm, int* rank) \
  FUNCTION(ncclAllReduce, ncclResult_t, const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op, ncclComm_t comm, \
           cudaStream_t stream) \
  FUNCTION(ncclReduce, ncclResult_t, const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op, int root, ncclComm_t comm, \
           cudaStream_t stream) \
  FUNCTION(ncclReduceScatter, ncclResult_t, const void* from, void* to, size_t countOfEach, ncclDataType_t type, ncclRedOp_t op, ncclComm_t comm, \
           cudaStream_t stream) \
  FUNCTION(ncclAllGather, ncclResult_t, const void* from, void* to, size_t countOfEach, ncclDataType_t type, ncclComm_t comm, cudaStream_t stream) \
  FUNCTION(ncclBroadcast, ncclResult_t, const void* from, void* to, size_t count, ncclDataType_t type, int root, ncclComm_t comm, \
           cudaStream_t stream) \
  FUNCTION(ncclSend, ncclResult_t, const void* from, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream) \
  FUNCTION(ncclRecv, ncclResult_t, void* to, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream) \
  FUNCTION(ncclGroupStart, ncclResult_t) \
  FUNCTION(ncclGroupEnd, ncclResult_t)
// clang-format on

struct Api {
  LOSSMITH_NCCL_FUNCTIONS(LOSSMITH_LIBRARY_POINTER)
  std::string path;
  int version = 0;  // 23007 for 2.30.7
};

constexpr int kOldestVersion = 21400;

// Opens the library with the first call. Throws what SharedLibrary throws, or Error(Config, "nccl-version") for one that is older than 2.14.
const Api& api();

}  // namespace lossmith::nccl
