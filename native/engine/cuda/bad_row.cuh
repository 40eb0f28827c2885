// Ids that are no row of their table: told once a run, and taken as row 0, so that nothing outside of a table is touched.
#pragma once

#include <cstdint>

#include "engine/cuda/device_kernel.h"

namespace lossmith {

__host__ __device__ inline int64_t checkedRow(int64_t id, int64_t rows, int64_t* bad_row) {
  if (id >= 0 && id < rows) return id;
  const int64_t told = id == -1 ? kBadMinusOne : id;
#ifdef __CUDA_ARCH__
  atomicCAS(reinterpret_cast<unsigned long long*>(bad_row), ~0ull, static_cast<unsigned long long>(told));
#else
  if (*bad_row == -1) *bad_row = told;
#endif
  return 0;
}

}  // namespace lossmith
