// out[B, fields, width] = table[ids[B, fields]] for several lookups at once, of weights or of tangents. An item is one float, or four, of a row of
// the result: neighbouring threads read neighbouring floats of a row.
#include "engine/cuda/bad_row.cuh"
#include "engine/cuda/floats.cuh"
#include "engine/cuda/ops.h"

namespace lossmith {
namespace {

constexpr int kMost = 32;  // lookups a launch: a kernel's arguments end at 4 KiB

struct Gather {
  const float* data;
  const int64_t* ids;
  float* out;
  int64_t rows, stride, end;  // end: of this one's items among all
  RowParts parts;             // items of a row
  bool fours;
};

struct GatherAll {
  Gather of[kMost];
  int count;
  int64_t* bad_row;

  __host__ __device__ void operator()(int64_t i) const {
    const int number = firstEndAbove(i, count, [this](int k) { return of[k].end; });
    const Gather& one = of[number];
    const int64_t item = number == 0 ? i : i - of[number - 1].end;
    const RowPart at = one.parts.of(item);
    const float* row = one.data + checkedRow(one.ids[at.row], one.rows, bad_row) * one.stride;
    if (one.fours) Floats<4>::load(row + at.part * 4).store(one.out + item * 4);
    else one.out[item] = row[at.part];
  }
};

class LookupsKernel : public DeviceKernel {
 public:
  explicit LookupsKernel(std::vector<Lookup> instructions) : ops_(std::move(instructions)) {}

  void enqueue(DeviceFrame& frame) override {
    for (size_t first = 0; first < ops_.size(); first += kMost) {
      GatherAll all{};
      all.bad_row = frame.bad_row;
      int64_t items = 0;
      for (size_t i = first; i < std::min(ops_.size(), first + kMost); i++) all.of[all.count++] = gather(frame, ops_[i], items);
      forEach(*frame.stream, items, all);
    }
  }

 private:
  static Gather gather(const DeviceFrame& frame, const Lookup& op, int64_t& items) {
    const DeviceTable& table = frame.tables[op.table];
    const float* data = table.data + (op.plane == TablePlane::Tangent ? table.tangent : 0);
    float* out = frame.floats(op.out);
    const bool fours = inFours(op.width) && inFours(table.stride) && inFours(data) && inFours(out);
    const int64_t parts = fours ? op.width / 4 : op.width;
    items += frame.batch * op.fields * parts;
    return {data, frame.ids(op.ids), out, table.rows, table.stride, items, RowParts(parts), fours};
  }

  const std::vector<Lookup> ops_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceLookups(std::vector<Lookup> instructions) { return std::make_unique<LookupsKernel>(std::move(instructions)); }

}  // namespace lossmith
