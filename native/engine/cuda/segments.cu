// See segments.h.
#include "engine/cuda/launch.cuh"
#include "engine/cuda/segments.h"

namespace lossmith {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kTeams = 32;  // that share a segment: segments differ in size by orders of magnitude

struct alignas(16) FourWords {
  uint32_t words[4];
};

// Team `part` of kTeams copies its share, four words at a time where both sides allow.
__host__ __device__ inline void copyShare(const void* from, void* to, int64_t words, int64_t part, const Team& team) {
  const int64_t first = part * team.size() + team.rank(), step = kTeams * team.size();
  if ((reinterpret_cast<uintptr_t>(from) | reinterpret_cast<uintptr_t>(to)) % sizeof(FourWords) == 0 && words % 4 == 0) {
    for (int64_t i = first; i < words / 4; i += step) static_cast<FourWords*>(to)[i] = static_cast<const FourWords*>(from)[i];
  } else {
    for (int64_t i = first; i < words; i += step) static_cast<uint32_t*>(to)[i] = static_cast<const uint32_t*>(from)[i];
  }
}

struct CopySegments {
  const Segment* segments;
  __host__ __device__ void operator()(int64_t i, const Team& team) const {
    const Segment& segment = segments[i / kTeams];
    const int64_t rows = segment.count != nullptr && *segment.count < segment.rows ? *segment.count : segment.rows;
    copyShare(segment.from, segment.to, rows * segment.words, i % kTeams, team);
  }
};

// The first row of owner o's range, as Exchange cuts it.
struct FindBounds {
  const SplitRows* tables;
  int owners;
  int64_t* out;
  __host__ __device__ void operator()(int64_t i) const {
    const SplitRows& table = tables[i / (owners + 1)];
    const int64_t owner = i % (owners + 1);
    const int64_t bound = table.table_rows / owners * owner + table.table_rows % owners * owner / owners;
    int64_t from = 0, to = owner == owners ? 0 : *table.count;
    while (from < to) {
      const int64_t middle = (from + to) / 2;
      if (table.rows[middle] < bound) from = middle + 1;
      else to = middle;
    }
    out[i] = owner == owners ? *table.count : from;
  }
};

struct JoinParts {
  const JoinRows* tables;
  int parts;
  __host__ __device__ void operator()(int64_t i, const Team& team) const {
    const int64_t share = i % kTeams, part = i / kTeams % parts;
    const JoinRows& table = tables[i / kTeams / parts];
    const auto countOf = [&](int64_t of) { return reinterpret_cast<const int64_t*>(table.base + table.part_offsets[of])[table.table]; };
    int64_t before = 0;
    for (int64_t of = 0; of < part; of++) before += countOf(of);
    const int64_t rows = countOf(part);
    const char* message = table.base + table.part_offsets[part];
    copyShare(message + table.row_offsets[part], table.rows + before, rows * 2, share, team);
    copyShare(message + table.value_offsets[part], table.values + before * table.width, rows * table.width, share, team);
    if (part == parts - 1 && share == 0 && team.rank() == 0) *table.count = before + rows;
  }
};

}  // namespace

void copySegments(Stream& stream, const Segment* segments, int64_t count) { forEachTeam(stream, count * kTeams, kThreads, CopySegments{segments}); }

void splitRows(Stream& stream, const SplitRows* tables, int64_t count, int owners, int64_t* out) {
  forEach(stream, count * (owners + 1), FindBounds{tables, owners, out});
}

void joinRows(Stream& stream, const JoinRows* tables, int64_t count, int parts) {
  forEachTeam(stream, count * parts * kTeams, kThreads, JoinParts{tables, parts});
}

}  // namespace lossmith
