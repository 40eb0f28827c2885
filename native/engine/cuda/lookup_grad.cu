// A table's row-sparse gradient: d[B, fields, width] summed by row over the groups of its ids. A row's places are added in their order in runs of 64;
// a row of more than 64 has the sums of its runs added in runs of 64 again, and so on: the order depends on the row's own places only, and no thread
// adds many. Runs are found by tile: of the spans [64t, 64t + 64) of all places, each begins or goes on at most one run of a row longer than 64, so
// `partial` has two slots a tile: 1 for the run that a row begins with, 0 for a later one. The same at each level with tiles 64 times as long.
// A later instruction on the same table is summed apart and then added: a row of both is earlier + later.
#include <algorithm>

#include "engine/cuda/device_rows.h"
#include "engine/cuda/floats.cuh"
#include "engine/cuda/ops.h"
#include "engine/cuda/row_tree_on_device.h"

namespace lossmith {
namespace {

constexpr int64_t kRun = 64;
constexpr int kLevels = 5;                       // a run of level 5 is 64⁵ places, level 6 would be longer than a buffer
constexpr int64_t kMostRows = int64_t{1} << 40;  // of a table that fits into a GPU

struct Groups {
  RowGroupsOnDevice of;
  __host__ __device__ int64_t begin(int64_t group) const { return of.begins[group]; }
  __host__ __device__ int64_t end(int64_t group) const { return of.begins[group + 1]; }
};

// What the bodies share. Columns are taken V at a time.
template <int V>
struct Columns {
  Groups groups;
  int64_t n, width;
  RowParts parts;

  __host__ __device__ Floats<V> sum(const float* d, int64_t from, int64_t to, int64_t column) const {
    const uint32_t* places = groups.of.places + from;
    return addInOrder<V>(to - from, [&](int64_t i) { return Floats<V>::load(d + places[i] * width + column); });
  }
};

// Sums of runs, by tile and slot.
template <int V>
struct Runs {
  const float* partial;
  int64_t span;  // places of a tile

  // Of the run that begins at place `from` of a row that begins at `begin`.
  __host__ __device__ Floats<V> at(int64_t from, int64_t begin, int64_t width, int64_t column) const {
    return Floats<V>::load(partial + (from / span * 2 + (from == begin)) * width + column);
  }
  __host__ __device__ Floats<V> sum(int64_t from, int64_t to, int64_t begin, int64_t width, int64_t column) const {
    return addInOrder<V>((to - from + span - 1) / span, [&](int64_t i) { return at(from + i * span, begin, width, column); });
  }
};

// Rows of up to 64 places, whole.
template <int V>
struct SumShortRows {
  Columns<V> in;
  const float* d;
  DeviceRows out;
  int32_t* not_finite;

  __host__ __device__ void operator()(int64_t i) const {
    if (i == 0) *out.count = *in.groups.of.count;
    const RowPart at = in.parts.of(i);
    if (at.row >= *in.groups.of.count) return;
    if (at.part == 0) out.rows[at.row] = in.groups.of.rows[at.row];
    const int64_t begin = in.groups.begin(at.row), end = in.groups.end(at.row);
    if (end - begin > kRun) return;
    const Floats<V> sum = in.sum(d, begin, end, at.part * V);
    sum.store(out.values + at.row * in.width + at.part * V);
    if (not_finite != nullptr && !sum.finite()) *not_finite = 1;
  }
};

// Runs of the rows that are longer than a run of this level. below: runs of the level below; none at the first.
template <int V>
struct SumRuns {
  Columns<V> in;
  const float* d;
  Runs<V> below;
  float* partial;
  int64_t span;

  __host__ __device__ void operator()(int64_t i) const {
    const RowPart at = in.parts.of(i);
    const int64_t tile = at.row / 2 * span, last = (tile + span < in.n ? tile + span : in.n) - 1;
    const bool first = at.row % 2 == 1;
    if (!first && tile == 0) return;
    const int64_t group = in.groups.of.groups_of[first ? last : tile - 1];
    const int64_t begin = in.groups.begin(group), end = in.groups.end(group);
    if (end - begin <= span || (first && begin < tile)) return;
    const int64_t from = first ? begin : begin + (tile - begin + span - 1) / span * span;
    if (from > last || from >= end) return;
    const int64_t to = from + span < end ? from + span : end, column = at.part * V;
    const Floats<V> sum = below.partial == nullptr ? in.sum(d, from, to, column) : below.sum(from, to, begin, in.width, column);
    sum.store(partial + at.row * in.width + column);
  }
};

// Rows of more than 64 places, by the tile in which they begin: the sums of their longest runs.
template <int V>
struct SumLongRows {
  Columns<V> in;
  Runs<V> levels[kLevels];
  int count;
  DeviceRows out;
  int32_t* not_finite;

  __host__ __device__ void operator()(int64_t i) const {
    const RowPart at = in.parts.of(i);
    const int64_t tile = at.row * kRun, last = (tile + kRun < in.n ? tile + kRun : in.n) - 1;
    const int64_t group = in.groups.of.groups_of[last];
    const int64_t begin = in.groups.begin(group), end = in.groups.end(group);
    if (end - begin <= kRun || begin < tile) return;
    int level = 0;
    while (level + 1 < count && end - begin > levels[level + 1].span) level++;
    const Floats<V> sum = levels[level].sum(begin, end, begin, in.width, at.part * V);
    sum.store(out.values + group * in.width + at.part * V);
    if (not_finite != nullptr && !sum.finite()) *not_finite = 1;
  }
};

int64_t tilesOf(int64_t n, int64_t span) { return (n + span - 1) / span; }

class LookupGradKernel : public DeviceKernel {
 public:
  // earlier: ids of lookup_grads of the same table before this one.
  LookupGradKernel(const LookupGrad& instruction, int64_t capacity, int64_t earlier, Device& device) : op_(instruction), earlier_(earlier) {
    for (int64_t span = kRun; span < capacity; span *= kRun) {
      partials_.emplace_back(device, 2 * tilesOf(capacity, span) * op_.width * sizeof(float));
    }
    if (earlier == 0) return;
    count_ = DeviceMemory(device, sizeof(int64_t));
    rows_ = DeviceMemory(device, capacity * sizeof(int64_t));
    values_ = DeviceMemory(device, capacity * op_.width * sizeof(float));
    both_ = std::make_unique<RowTreeOnDevice>(device, kMostRows, op_.width, earlier + capacity);
  }

  void enqueue(DeviceFrame& frame) override {
    const DeviceRows& gradient = frame.table_gradients[op_.table];
    if (both_ == nullptr) return sum(frame, gradient, frame.not_finite);
    const int64_t n = frame.batch * op_.fields;
    DeviceRows before = gradient;
    before.capacity = std::min(before.capacity, earlier_);
    const DeviceRows later = {op_.width, n, count_.as<int64_t>(), rows_.as<int64_t>(), values_.as<float>()};
    sum(frame, later, nullptr);
    const DeviceRows both = both_->add(*frame.stream, {{0, before}, {1, later}});
    const int64_t most = std::min(gradient.capacity, before.capacity + n);
    frame.stream->copyWithin(gradient.count, both.count, sizeof(int64_t));
    frame.stream->copyWithin(gradient.rows, both.rows, most * sizeof(int64_t));
    frame.stream->copyWithin(gradient.values, both.values, most * op_.width * sizeof(float));
    if (frame.not_finite != nullptr) markNonFinite(*frame.stream, gradient, frame.not_finite);
  }

 private:
  void sum(DeviceFrame& frame, const DeviceRows& out, int32_t* not_finite) const {
    const float* d = frame.floats(op_.d);
    if (inFours(op_.width) && inFours(d) && inFours(out.values)) sumColumns<4>(frame, d, out, not_finite);
    else sumColumns<1>(frame, d, out, not_finite);
  }

  template <int V>
  void sumColumns(DeviceFrame& frame, const float* d, const DeviceRows& out, int32_t* not_finite) const {
    Stream& stream = *frame.stream;
    const int64_t n = frame.batch * op_.fields, parts = op_.width / V;
    const Columns<V> in = {{frame.groups[op_.ids]}, n, op_.width, RowParts(parts)};
    forEach(stream, std::max<int64_t>(1, std::min(n, out.capacity) * parts), SumShortRows<V>{in, d, out, not_finite});
    SumLongRows<V> long_rows{in, {}, 0, out, not_finite};
    Runs<V> below{nullptr, 1};
    for (int64_t span = kRun; span < n; span *= kRun) {
      float* partial = partials_[long_rows.count].template as<float>();
      forEach(stream, 2 * tilesOf(n, span) * parts, SumRuns<V>{in, d, below, partial, span});
      below = {partial, span};
      long_rows.levels[long_rows.count++] = below;
    }
    if (long_rows.count > 0) forEach(stream, tilesOf(n, kRun) * parts, long_rows);
  }

  const LookupGrad op_;
  const int64_t earlier_;
  std::vector<DeviceMemory> partials_;  // by level
  DeviceMemory count_, rows_, values_;  // of a later lookup_grad
  std::unique_ptr<RowTreeOnDevice> both_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceLookupGrad(const Program& program, size_t at, Device& device) {
  const auto& op = std::get<LookupGrad>(program.code[at]);
  int64_t earlier = 0;
  for (size_t i = 0; i < at; i++) {
    const auto* other = std::get_if<LookupGrad>(&program.code[i]);
    if (other != nullptr && other->table == op.table) earlier += other->fields * program.max_batch;
  }
  return std::make_unique<LookupGradKernel>(op, op.fields * program.max_batch, earlier, device);
}

}  // namespace lossmith
