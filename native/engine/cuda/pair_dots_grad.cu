// out[b, i] = the sum over j != i, in its order, of d[b, pair of i and j] * x[b, j]. A team has one example, whose x and d lie in shared memory
// where they fit; a thread has some columns of 4 rows.
#include <algorithm>

#include "engine/cuda/fast_division.cuh"
#include "engine/cuda/ops.h"
#include "engine/cuda/shared_team.cuh"

namespace lossmith {
namespace {

constexpr int64_t kRows = 4;

__host__ __device__ inline int64_t pairOf(int64_t i, int64_t j, int64_t fields) { return i * (2 * fields - i - 1) / 2 + j - i - 1; }

template <int kColumns>
struct Columns {
  float of[kColumns];
};
template <>
struct alignas(16) Columns<4> {
  float of[4];
};

// kColumns 4: the width is a multiple of it.
template <int kColumns>
struct GradientOfExample {
  const float* x;
  const float* d;
  float* out;
  int64_t fields, width;
  FastDivision by_fields;
  bool shared;

  __host__ __device__ void operator()(int64_t example, const Team& team, float* memory) const {
    const int64_t size = fields * width;
    const float* rows = x + example * size;
    const float* pairs = d + example * (fields * (fields - 1) / 2);
    if (!shared) {
      addRows(rows, out + example * size, team, [&](int64_t i, int64_t j) { return pairs[i < j ? pairOf(i, j, fields) : pairOf(j, i, fields)]; });
      return;
    }
    float* weights = memory + size;  // d as a whole matrix
    for (int64_t i = team.rank(); i < size; i += team.size()) memory[i] = rows[i];
    for (int64_t at = team.rank(); at < fields * fields; at += team.size()) {
      const auto [i, j] = by_fields(at);
      if (i != j) weights[at] = pairs[i < j ? pairOf(i, j, fields) : pairOf(j, i, fields)];
    }
    team.sync();
    addRows(memory, out + example * size, team, [&](int64_t i, int64_t j) { return weights[i * fields + j]; });
  }

  template <class Weight>
  __host__ __device__ void addRows(const float* rows, float* to, const Team& team, const Weight& weight) const {
    const int64_t groups = width / kColumns, pieces = (fields + kRows - 1) / kRows * groups;
    for (int64_t piece = team.rank(); piece < pieces; piece += team.size()) {
      const int64_t i0 = piece / groups * kRows, column = piece % groups * kColumns;
      Columns<kColumns> sums[kRows] = {};
      for (int64_t j = 0; j < fields; j++) {
        const auto part = *reinterpret_cast<const Columns<kColumns>*>(rows + j * width + column);
        for (int64_t r = 0; r < kRows; r++) {
          const int64_t i = i0 + r < fields ? i0 + r : fields - 1;  // rows past the last are not written
          if (i == j) continue;
          const float times = weight(i, j);
          for (int c = 0; c < kColumns; c++) sums[r].of[c] += part.of[c] * times;
        }
      }
      for (int64_t r = 0; r < kRows && i0 + r < fields; r++) *reinterpret_cast<Columns<kColumns>*>(to + (i0 + r) * width + column) = sums[r];
    }
  }
};

class PairDotsGradKernel : public DeviceKernel {
 public:
  explicit PairDotsGradKernel(const PairDotsGrad& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    if (op_.width % 4 == 0) enqueueColumns<4>(frame);
    else enqueueColumns<1>(frame);
  }

 private:
  template <int kColumns>
  void enqueueColumns(DeviceFrame& frame) const {
    const int64_t floats = op_.fields * (op_.width + op_.fields);
    const int64_t pieces = (op_.fields + kRows - 1) / kRows * op_.width / kColumns;
    const auto threads = static_cast<int>(std::clamp<int64_t>((pieces + 31) / 32 * 32, 32, 256));
    const bool shared = floats <= kSharedFloats;
    forEachSharedTeam(*frame.stream, frame.batch, threads, shared ? floats : 0,
                      GradientOfExample<kColumns>{frame.floats(op_.x), frame.floats(op_.d), frame.floats(op_.out), op_.fields, op_.width,
                                                  FastDivision(op_.fields, op_.fields * op_.fields), shared});
  }

  const PairDotsGrad op_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDevicePairDotsGrad(const PairDotsGrad& instruction) { return std::make_unique<PairDotsGradKernel>(instruction); }

}  // namespace lossmith
