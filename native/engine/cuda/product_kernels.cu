// See product_kernels.h.
#include <algorithm>
#include <vector>

#include "engine/cuda/device_program.h"
#include "engine/cuda/fast_division.cuh"
#include "engine/cuda/launch.cuh"
#include "engine/cuda/product_epilogue.cuh"
#include "engine/cuda/product_kernels.h"

namespace lossmith {
namespace {

constexpr int kWarp = 32, kRowsPerTeam = 8;         // one warp to a row
constexpr int64_t kLongRow = 4096;                  // from here on a whole team to a row
constexpr int64_t kPartialSums = int64_t{1} << 18;  // threads that add columns, enough to keep a big GPU's memory busy
constexpr int64_t kRowsPerSum = 16;

__host__ __device__ void storeAt(const Epilogue& epilogue, Along along, int64_t i, float v) {
  if (along == Along::Column) epilogue.store(i, 0, v);
  else epilogue.store(0, i, v);
}

__host__ __device__ bool holdsFours(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % sizeof(float4) == 0; }

// What `threads` threads of which this is number `rank` add of a row; four elements at once where rows begin at multiples of four.
__host__ __device__ float dotPart(const float* a, const float* x, int64_t k, int rank, int threads) {
  float sum = 0;
#ifdef __CUDA_ARCH__
  if (k % 4 == 0 && holdsFours(a) && holdsFours(x)) {
    const auto* a4 = reinterpret_cast<const float4*>(a);
    const auto* x4 = reinterpret_cast<const float4*>(x);
    for (int64_t i = rank; i < k / 4; i += threads) {
      const float4 p = a4[i], q = x4[i];
      sum += p.x * q.x + p.y * q.y + (p.z * q.z + p.w * q.w);
    }
    return sum;
  }
#endif
  for (int64_t i = rank; i < k; i += threads) sum += a[i] * x[i];
  return sum;
}

// The sum over a warp, known to its first thread; an emulated team's one thread is a warp by itself.
__host__ __device__ float sumOfWarp(float x) {
#ifdef __CUDA_ARCH__
  for (int step = kWarp / 2; step > 0; step /= 2) x += __shfl_down_sync(0xffffffffu, x, step);
#endif
  return x;
}

struct DotShortRows {
  const float *a, *x;
  int64_t rows, k;
  Along along;
  Epilogue epilogue;
  __host__ __device__ void operator()(int64_t i, const Team& team) const {
    const int width = team.size() < kWarp ? 1 : kWarp;
    for (int r = team.rank() / width; r < kRowsPerTeam; r += team.size() / width) {
      const int64_t row = i * kRowsPerTeam + r;
      if (row >= rows) break;
      const float sum = sumOfWarp(dotPart(a + row * k, x, k, team.rank() % width, width));
      if (team.rank() % width == 0) storeAt(epilogue, along, row, sum);
    }
  }
};

struct DotLongRows {
  const float *a, *x;
  int64_t k;
  Along along;
  Epilogue epilogue;
  __host__ __device__ void operator()(int64_t row, const Team& team) const {
    const float sum = team.sum(dotPart(a + row * k, x, k, team.rank(), team.size()));
    if (team.rank() == 0) storeAt(epilogue, along, row, sum);
  }
};

// Thread (part, column) adds rows part, part + parts, …: neighbours read neighbours, whatever the number of columns.
struct SumPart {
  const void* a;
  bool half;
  int64_t stride;
  const float* weights;
  int64_t rows, columns, parts;
  float* partial;  // [parts, columns]; null: one part, whose sums are the results
  Along along;
  Epilogue epilogue;
  __host__ __device__ void operator()(int64_t i) const {
    const int64_t part = i / columns, column = i % columns;
    float sum = 0;
    for (int64_t r = part; r < rows; r += parts) {
      const float value = valueAt(a, half, r * stride + column);
      sum += weights == nullptr ? value : value * weights[r];
    }
    if (partial != nullptr) partial[i] = sum;
    else storeAt(epilogue, along, column, sum);
  }
};

struct JoinParts {
  const float* partial;
  int64_t columns, parts;
  Along along;
  Epilogue epilogue;
  __host__ __device__ void operator()(int64_t column, const Team& team) const {
    float sum = 0;
    for (int64_t p = team.rank(); p < parts; p += team.size()) sum += partial[p * columns + column];
    sum = team.sum(sum);
    if (team.rank() == 0) storeAt(epilogue, along, column, sum);
  }
};

struct OuterElement {
  const float *x, *y;
  FastDivision by_columns;
  Epilogue epilogue;
  __host__ __device__ void operator()(int64_t i) const {
    const auto [row, column] = by_columns(i);
    epilogue.store(row, column, x[row] * y[column]);
  }
};

struct PassElement {
  FastDivision by_columns;
  bool zero;
  Epilogue epilogue;
  __host__ __device__ void operator()(int64_t i) const {
    const auto [row, column] = by_columns(i);
    epilogue.store(row, column, zero ? 0 : valueAt(epilogue.out, epilogue.half_out, row * epilogue.stride + column));
  }
};

struct RoundElements {
  const float* x;
  Bfloat16* out;
  FastDivision by_columns;
  int64_t stride;
  __host__ __device__ void operator()(int64_t i) const {
    const auto [row, column] = by_columns(i);
    out[row * stride + column] = toBfloat16(x[i]);
  }
};

// Four at once, where rows follow each other without gaps.
struct RoundFour {
  const float4* x;
  ushort4* out;
  __host__ __device__ void operator()(int64_t i) const {
    const float4 v = x[i];
    out[i] = ushort4{toBfloat16(v.x), toBfloat16(v.y), toBfloat16(v.z), toBfloat16(v.w)};
  }
};

float operandAt(const Matrix& matrix, int64_t row, int64_t column, bool tf32) {
  const int64_t at = matrix.transposed ? column * matrix.stride + row : row * matrix.stride + column;
  const float x = valueAt(matrix.data, matrix.half, at);
  return tf32 ? roundToTf32(x) : x;
}

}  // namespace

void dotRows(Stream& stream, const float* a, const float* x, int64_t rows, int64_t k, Along along, const Epilogue& epilogue) {
  if (k < kLongRow) {
    forEachTeam(stream, (rows + kRowsPerTeam - 1) / kRowsPerTeam, kWarp * kRowsPerTeam, DotShortRows{a, x, rows, k, along, epilogue});
  } else {
    forEachTeam(stream, rows, 256, DotLongRows{a, x, k, along, epilogue});
  }
}

void sumColumns(Stream& stream, const Matrix& a, const float* weights, int64_t rows, int64_t columns, Along along, const Epilogue& epilogue,
                const DeviceMemory& scratch) {
  const int64_t wanted = std::min(kPartialSums / std::max<int64_t>(columns, 1), (rows + kRowsPerSum - 1) / kRowsPerSum);
  const bool one = wanted < 2;
  const int64_t parts = one ? 1 : wanted;
  float* partial = one ? nullptr : scratch.as<float>();
  forEach(stream, parts * columns, SumPart{a.data, a.half, a.stride, weights, rows, columns, parts, partial, along, epilogue});
  if (!one) forEachTeam(stream, columns, parts < 256 ? kWarp : 256, JoinParts{partial, columns, parts, along, epilogue});
}

void multiplyOuter(Stream& stream, const float* x, const float* y, int64_t m, int64_t n, const Epilogue& epilogue) {
  forEach(stream, m * n, OuterElement{x, y, {n, m * n}, epilogue});
}

void passThrough(Stream& stream, int64_t m, int64_t n, bool zero, const Epilogue& epilogue) {
  forEach(stream, m * n, PassElement{{n, m * n}, zero, epilogue});
}

void multiplyInLoops(Stream& stream, const Product& product, bool tf32, const Epilogue& epilogue) {
  stream.emulate([product, tf32, epilogue] {
    const auto [m, n, k] = std::tuple(product.m, product.n, product.k);
    std::vector<float> b(k * n), sums(n);
    for (int64_t i = 0; i < k; i++) {
      for (int64_t j = 0; j < n; j++) b[i * n + j] = operandAt(product.b, i, j, tf32);
    }
    for (int64_t row = 0; row < m; row++) {
      std::fill(sums.begin(), sums.end(), 0.0f);
      for (int64_t i = 0; i < k; i++) {
        const float a = operandAt(product.a, row, i, tf32);
        for (int64_t j = 0; j < n; j++) sums[j] += a * b[i * n + j];
      }
      for (int64_t j = 0; j < n; j++) epilogue.store(row, j, sums[j]);
    }
  });
}

void roundToHalf(Stream& stream, const float* x, void* out, int64_t rows, int64_t columns) {
  if (columns == halfStride(columns) && holdsFours(x)) {
    forEach(stream, rows * columns / 4, RoundFour{reinterpret_cast<const float4*>(x), static_cast<ushort4*>(out)});
  } else {
    forEach(stream, rows * columns, RoundElements{x, static_cast<Bfloat16*>(out), {columns, rows * columns}, halfStride(columns)});
  }
}

}  // namespace lossmith
