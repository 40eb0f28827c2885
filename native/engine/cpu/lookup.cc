// out[B, fields, width] = table[ids[B, fields]], of its weights or of its tangents. Rows of a large table miss every cache: they are asked for some
// ids ahead.
#include <cstring>

#include "engine/cpu/kernel.h"
#include "engine/cpu/row_range.h"

namespace lossmith {
namespace {

constexpr int64_t kAhead = 24;  // ids between asking for a row and using it
constexpr int64_t kLineFloats = 16;

inline void prefetchRow(const TableView& table, int64_t id, int64_t width) {
  if (id < 0 || id >= table.rows) return;
  const float* row = table.data + id * table.stride;
  for (int64_t j = 0; j < width; j += kLineFloats) __builtin_prefetch(row + j);
  __builtin_prefetch(row + width - 1);
}

// kWidth 0: any width.
template <int64_t kWidth>
void copyRows(const TableView& table, const std::string& name, const int64_t* ids, int64_t count, int64_t any_width, float* out) {
  const int64_t width = kWidth > 0 ? kWidth : any_width;
  for (int64_t i = 0; i < count; i++) {
    if (i + kAhead < count) prefetchRow(table, ids[i + kAhead], width);
    if (ids[i] < 0 || ids[i] >= table.rows) throw rowOutOfRange("lookup", name, ids[i], table.rows);
    std::memcpy(out + i * width, table.data + ids[i] * table.stride, width * sizeof(float));
  }
}

class LookupKernel : public Kernel {
 public:
  LookupKernel(const Lookup& instruction, const std::string& table) : op_(instruction), name_(table) {}

  void run(Frame& frame) override {
    TableView table = frame.context->tables[op_.table];
    if (op_.plane == TablePlane::Tangent) table.data += table.tangent;
    const int64_t count = frame.batch() * op_.fields;
    const auto copy = op_.width == 1 ? copyRows<1> : op_.width == 8 ? copyRows<8> : op_.width == 16 ? copyRows<16> : copyRows<0>;
    copy(table, name_, frame.ids(op_.ids), count, op_.width, frame.floats(op_.out));
  }

 private:
  const Lookup op_;
  const std::string name_;
};

}  // namespace

std::unique_ptr<Kernel> makeLookup(const Lookup& instruction, const std::string& table) { return std::make_unique<LookupKernel>(instruction, table); }

}  // namespace lossmith
