// out[outer, inner] = x[outer, length, inner] joined over length, for reduce_sum and reduce_max. What is joined with what follows from the sizes
// alone.
//   rows (inner 1): a thread, eight or a warp for one; columns: a thread for one, neighbours read neighbours
//   long ones, where there are too few to fill the device: in chunks of length whose results are joined by a second launch
// Join: operator()(a, b) = operator()(b, a); none(), which changes nothing; of(team, x), that of all threads of a team.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "engine/cuda/fast_division.cuh"
#include "engine/cuda/launch.cuh"
#include "engine/cuda/ops.h"
#include "engine/cuda/warp_parts.cuh"

namespace lossmith {

constexpr int64_t kManyThreads = 256 * 1024;  // fill a device of today
constexpr int64_t kMostChunks = 1024;
constexpr int64_t kChunkLeast = 64;  // elements that a thread joins before others join its result
constexpr int kReduceThreads = 256;

template <class Join, int kSize>
struct JoinRow {
  const float* x;
  float* out;
  int64_t length;
  Join join;
  __host__ __device__ void operator()(int64_t row, const Part<kSize>& part) const {
    float all = Join::none();
    for (int64_t i = part.rank(); i < length; i += part.size()) all = join(all, x[row * length + i]);
    all = part.reduce(all, join);
    if (part.rank() == 0) out[row] = all;
  }
};

// Part c of `chunks` of a long row, to out[row, c].
template <class Join>
struct JoinChunkOfRow {
  const float* x;
  float* out;
  int64_t length, chunks;
  Join join;
  __host__ __device__ void operator()(int64_t i, const Team& team) const {
    const int64_t row = i / chunks, chunk = i % chunks;
    const int64_t from = length * chunk / chunks, to = length * (chunk + 1) / chunks;
    float all = Join::none();
    for (int64_t at = from + team.rank(); at < to; at += team.size()) all = join(all, x[row * length + at]);
    all = Join::of(team, all);
    if (team.rank() == 0) out[i] = all;
  }
};

// Part c of `chunks` of a column, to out[outer, c, inner].
template <class Join>
struct JoinChunkOfColumn {
  const float* x;
  float* out;
  int64_t length, inner, chunks;
  FastDivision by_inner, by_chunks;
  Join join;
  __host__ __device__ void operator()(int64_t i) const {
    const auto [line, column] = by_inner(i);
    const auto [outer, chunk] = by_chunks(line);
    const int64_t from = length * chunk / chunks, to = length * (chunk + 1) / chunks;
    const float* at = x + (outer * length + from) * inner + column;
    float parts[4] = {Join::none(), Join::none(), Join::none(), Join::none()};  // side by side, so that four reads are under way
    int64_t left = to - from;
    for (; left >= 4; left -= 4, at += 4 * inner) {
      for (int p = 0; p < 4; p++) parts[p] = join(parts[p], at[p * inner]);
    }
    for (int p = 0; p < 4; p++) {  // places known to the compiler keep the parts in registers
      if (p < left) parts[p] = join(parts[p], at[p * inner]);
    }
    out[i] = join(join(parts[0], parts[1]), join(parts[2], parts[3]));
  }
};

// parts[outer, chunks, inner] joined over chunks.
template <class Join>
struct JoinParts {
  const float* parts;
  float* out;
  int64_t chunks, inner;
  Join join;
  __host__ __device__ void operator()(int64_t i, const Part<32>& part) const {
    const float* at = parts + i / inner * chunks * inner + i % inner;
    float all = Join::none();
    for (int64_t c = part.rank(); c < chunks; c += part.size()) all = join(all, at[c * inner]);
    all = part.reduce(all, join);
    if (part.rank() == 0) out[i] = all;
  }
};

template <class Instruction, class Join>
class ReduceKernel : public DeviceKernel {
 public:
  explicit ReduceKernel(const Instruction& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    const int64_t outer = frame.size(op_.outer), length = frame.size(op_.length), inner = frame.size(op_.inner);
    const float* x = frame.floats(op_.x);
    float* out = frame.floats(op_.out);
    auto* parts = static_cast<float*>(frame.workspace);
    if (inner == 1) rows(*frame.stream, outer, length, x, parts, out);
    else columns(*frame.stream, outer, length, inner, x, parts, out);
  }

 private:
  static void rows(Stream& stream, int64_t outer, int64_t length, const float* x, float* parts, float* out) {
    if (length <= 4) return forEachPart<1>(stream, outer, JoinRow<Join, 1>{x, out, length, {}});
    if (length <= 64) return forEachPart<8>(stream, outer, JoinRow<Join, 8>{x, out, length, {}});
    const int64_t chunks = chunksOf(outer * kReduceThreads, length / 32);
    if (length <= 1024 || chunks == 1) return forEachPart<32>(stream, outer, JoinRow<Join, 32>{x, out, length, {}});
    forEachTeam(stream, outer * chunks, kReduceThreads, JoinChunkOfRow<Join>{x, parts, length, chunks, {}});
    forEachPart<32>(stream, outer, JoinParts<Join>{parts, out, chunks, 1, {}});
  }

  static void columns(Stream& stream, int64_t outer, int64_t length, int64_t inner, const float* x, float* parts, float* out) {
    const int64_t chunks = chunksOf(outer * inner, length), n = outer * inner * chunks;
    float* to = chunks == 1 ? out : parts;
    forEach(stream, n, JoinChunkOfColumn<Join>{x, to, length, inner, chunks, FastDivision(inner, n), FastDivision(chunks, n), {}});
    if (chunks > 1) forEachPart<32>(stream, outer * inner, JoinParts<Join>{parts, out, chunks, inner, {}});
  }

  // As many as `threads` leave room for, of at least kChunkLeast of length: then there are fewer than 2 · kManyThreads parts.
  static int64_t chunksOf(int64_t threads, int64_t length) {
    const int64_t wanted = (kManyThreads + threads - 1) / std::max<int64_t>(threads, 1);
    return std::clamp<int64_t>(std::min(wanted, length / kChunkLeast), 1, kMostChunks);
  }

  static_assert(2 * kManyThreads * static_cast<int64_t>(sizeof(float)) <= kWorkspaceBytes);

  const Instruction op_;
};

}  // namespace lossmith
