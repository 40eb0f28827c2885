// out[B, F(F-1)/2] = the inner products of every two of an example's F rows, by increasing i, then j > i; of pair_dots_cross a_i·b_j + b_i·a_j.
// A team has one example, whose rows lie in shared memory where they fit; a thread has the products of 4 rows with 4 others, so that eight
// numbers are read for sixteen multiplications. A product's terms are added in the order of the width.
#include <algorithm>

#include "engine/cuda/fast_division.cuh"
#include "engine/cuda/ops.h"
#include "engine/cuda/shared_team.cuh"

namespace lossmith {
namespace {

constexpr int64_t kTile = 4;

__host__ __device__ inline int64_t pairOf(int64_t i, int64_t j, int64_t fields) { return i * (2 * fields - i - 1) / 2 + j - i - 1; }

// The products of rows i0.. with rows j0.. are added to `sums`. A row begins every `pitch` floats.
__host__ __device__ inline void addTile(const float* rows, const float* others, int64_t pitch, int64_t width, int64_t i0, int64_t j0, int64_t fields,
                                        float (&sums)[kTile][kTile]) {
  const float *at_i[kTile], *at_j[kTile];
  for (int64_t t = 0; t < kTile; t++) {  // rows past the last are read as the last; their products are not written
    at_i[t] = rows + (i0 + t < fields ? i0 + t : fields - 1) * pitch;
    at_j[t] = others + (j0 + t < fields ? j0 + t : fields - 1) * pitch;
  }
  for (int64_t d = 0; d < width; d++) {
    float left[kTile], right[kTile];
    for (int64_t t = 0; t < kTile; t++) {
      left[t] = at_i[t][d];
      right[t] = at_j[t][d];
    }
    for (int64_t r = 0; r < kTile; r++) {
      for (int64_t c = 0; c < kTile; c++) sums[r][c] += left[r] * right[c];
    }
  }
}

// kCross: of a and b; else of a alone.
template <bool kCross>
struct PairsOfExample {
  const float* a;
  const float* b;
  float* out;
  int64_t fields, width, tiles;  // tiles of rows
  FastDivision by_width;
  bool shared;

  // Odd: rows of one column lie in different banks.
  __host__ __device__ static int64_t pitchOf(int64_t width) { return width | 1; }

  __host__ __device__ void operator()(int64_t example, const Team& team, float* memory) const {
    const int64_t size = fields * width, pitch = shared ? pitchOf(width) : width;
    const float* rows = a + example * size;
    const float* others = kCross ? b + example * size : rows;
    if (shared) {
      copyRows(rows, memory, team);
      if (kCross) copyRows(others, memory + fields * pitch, team);
      team.sync();
      rows = memory;
      others = kCross ? memory + fields * pitch : memory;
    }
    float* pairs = out + example * (fields * (fields - 1) / 2);
    for (int64_t t = team.rank(); t < tiles * (tiles + 1) / 2; t += team.size()) {
      int64_t down = 0, across = t;  // of the tiles on and above the diagonal
      for (; across >= tiles - down; down++) across -= tiles - down;
      const int64_t i0 = down * kTile, j0 = (down + across) * kTile;
      float sums[kTile][kTile] = {};
      addTile(rows, others, pitch, width, i0, j0, fields, sums);
      if (kCross) addTile(others, rows, pitch, width, i0, j0, fields, sums);
      for (int64_t r = 0; r < kTile; r++) {
        for (int64_t c = 0; c < kTile; c++) {
          const int64_t i = i0 + r, j = j0 + c;
          if (i < j && j < fields) pairs[pairOf(i, j, fields)] = sums[r][c];
        }
      }
    }
  }

  __host__ __device__ void copyRows(const float* from, float* to, const Team& team) const {
    const int64_t size = fields * width, pitch = pitchOf(width);
    const int step = width % 4 == 0 ? 4 : 1;
    for (int64_t i = team.rank() * step; i < size; i += team.size() * step) {
      const auto [row, column] = by_width(i);
      float* place = to + row * pitch + column;
      if (step == 1) {
        *place = from[i];
        continue;
      }
      const float4 four = *reinterpret_cast<const float4*>(from + i);
      place[0] = four.x;
      place[1] = four.y;
      place[2] = four.z;
      place[3] = four.w;
    }
  }
};

template <bool kCross>
void enqueuePairs(DeviceFrame& frame, const float* a, const float* b, float* out, int64_t fields, int64_t width) {
  const int64_t tiles = (fields + kTile - 1) / kTile;
  const int64_t floats = (kCross ? 2 : 1) * fields * PairsOfExample<kCross>::pitchOf(width);
  const bool shared = floats <= kSharedFloats;
  const auto threads = static_cast<int>(std::clamp<int64_t>((tiles * (tiles + 1) / 2 + 31) / 32 * 32, 32, 256));
  forEachSharedTeam(*frame.stream, frame.batch, threads, shared ? floats : 0,
                    PairsOfExample<kCross>{a, b, out, fields, width, tiles, FastDivision(width, fields * width), shared});
}

class PairDotsKernel : public DeviceKernel {
 public:
  explicit PairDotsKernel(const PairDots& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    enqueuePairs<false>(frame, frame.floats(op_.x), nullptr, frame.floats(op_.out), op_.fields, op_.width);
  }

 private:
  const PairDots op_;
};

class PairDotsCrossKernel : public DeviceKernel {
 public:
  explicit PairDotsCrossKernel(const PairDotsCross& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    enqueuePairs<true>(frame, frame.floats(op_.a), frame.floats(op_.b), frame.floats(op_.out), op_.fields, op_.width);
  }

 private:
  const PairDotsCross op_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDevicePairDots(const PairDots& instruction) { return std::make_unique<PairDotsKernel>(instruction); }
std::unique_ptr<DeviceKernel> makeDevicePairDotsCross(const PairDotsCross& instruction) { return std::make_unique<PairDotsCrossKernel>(instruction); }

}  // namespace lossmith
