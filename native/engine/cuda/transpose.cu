// out[outer, columns, rows] = x[outer, rows, columns]: small matrices place by place, since the first cache holds them; others in squares through
// shared memory, so that both sides are read and written in whole lines.
#include "engine/cuda/fast_division.cuh"
#include "engine/cuda/ops.h"
#include "engine/cuda/shared_team.cuh"

namespace lossmith {
namespace {

constexpr int64_t kSmall = 2048;  // elements
constexpr int64_t kSquare = 32, kPitch = kSquare + 1;
constexpr int kThreads = 256;

struct TransposeSmall {
  const float* x;
  float* out;
  int64_t rows, columns;
  FastDivision by_rows, by_columns;
  __host__ __device__ void operator()(int64_t i) const {
    const auto [line, row] = by_rows(i);  // line: matrix · columns + column
    const auto [matrix, column] = by_columns(line);
    out[i] = x[(matrix * rows + row) * columns + column];
  }
};

struct TransposeSquare {
  const float* x;
  float* out;
  int64_t rows, columns;
  FastDivision by_across, by_down;  // squares of a matrix
  __host__ __device__ void operator()(int64_t i, const Team& team, float* square) const {
    const auto [line, across] = by_across(i);
    const auto [matrix, down] = by_down(line);
    const int64_t row = down * kSquare, column = across * kSquare, base = matrix * rows * columns;
    for (int64_t e = team.rank(); e < kSquare * kSquare; e += team.size()) {
      const int64_t r = e / kSquare, c = e % kSquare;
      if (row + r < rows && column + c < columns) square[r * kPitch + c] = x[base + (row + r) * columns + column + c];
    }
    team.sync();
    for (int64_t e = team.rank(); e < kSquare * kSquare; e += team.size()) {
      const int64_t c = e / kSquare, r = e % kSquare;
      if (row + r < rows && column + c < columns) out[base + (column + c) * rows + row + r] = square[r * kPitch + c];
    }
  }
};

class TransposeKernel : public DeviceKernel {
 public:
  explicit TransposeKernel(const Transpose& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    const int64_t outer = frame.size(op_.outer), rows = frame.size(op_.rows), columns = frame.size(op_.columns);
    const float* x = frame.floats(op_.x);
    float* out = frame.floats(op_.out);
    const int64_t n = outer * rows * columns;
    if (n == 0) return;
    if (rows * columns <= kSmall || std::min(rows, columns) < 8) {
      forEach(*frame.stream, n, TransposeSmall{x, out, rows, columns, FastDivision(rows, n), FastDivision(columns, n)});
      return;
    }
    const int64_t down = (rows + kSquare - 1) / kSquare, across = (columns + kSquare - 1) / kSquare, squares = outer * down * across;
    forEachSharedTeam(*frame.stream, squares, kThreads, kSquare * kPitch,
                      TransposeSquare{x, out, rows, columns, FastDivision(across, squares), FastDivision(down, squares)});
  }

 private:
  const Transpose op_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceTranspose(const Transpose& instruction) { return std::make_unique<TransposeKernel>(instruction); }

}  // namespace lossmith
