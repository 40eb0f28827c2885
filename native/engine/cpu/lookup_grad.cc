// Appends to a table's row-sparse gradient: d[B, fields, width] summed by row, a row's parts in the order of (example, field).
// A later instruction on the same table is summed apart and then merged: a row of both is earlier + later.
#include <algorithm>
#include <cstring>

#include "engine/cpu/kernel.h"
#include "engine/cpu/row_range.h"

namespace lossmith {
namespace {

constexpr int64_t kAhead = 16;  // positions between asking for a part and adding it

// sum[group, width]. kWidth 0: any width.
template <int64_t kWidth>
void sumByRow(const RowGroups& groups, const float* d, int64_t any_width, float* sum) {
  const int64_t width = kWidth > 0 ? kWidth : any_width;
  const uint32_t* const last = groups.positions() + groups.count();
  for (int64_t g = 0; g < groups.size(); g++, sum += width) {
    const uint32_t* position = groups.begin(g);
    std::memcpy(sum, d + *position * width, width * sizeof(float));
    if (last - position > kAhead) __builtin_prefetch(d + position[kAhead] * width);
    for (position++; position < groups.end(g); position++) {
      const float* part = d + *position * width;
      if (last - position > kAhead) __builtin_prefetch(d + position[kAhead] * width);
      for (int64_t j = 0; j < width; j++) sum[j] += part[j];
    }
  }
}

void merge(const RowSparse& earlier, const RowSparse& later, RowSparse& both) {
  const int64_t width = earlier.width;
  both.rows.clear();
  both.values.clear();
  auto append = [&](const RowSparse& from, size_t i) {
    both.rows.push_back(from.rows[i]);
    both.values.insert(both.values.end(), from.values.begin() + i * width, from.values.begin() + (i + 1) * width);
  };
  size_t i = 0, j = 0;
  while (i < earlier.rows.size() || j < later.rows.size()) {
    if (j == later.rows.size() || (i < earlier.rows.size() && earlier.rows[i] < later.rows[j])) {
      append(earlier, i++);
    } else if (i == earlier.rows.size() || later.rows[j] < earlier.rows[i]) {
      append(later, j++);
    } else {
      append(earlier, i++);
      float* sum = both.values.data() + both.values.size() - width;
      for (int64_t c = 0; c < width; c++) sum[c] += later.values[j * width + c];
      j++;
    }
  }
}

class LookupGradKernel : public Kernel {
 public:
  LookupGradKernel(const LookupGrad& instruction, const std::string& table, bool first) : op_(instruction), name_(table), first_(first) {}

  void run(Frame& frame) override {
    const int64_t rows = frame.context->tables[op_.table].rows;
    const RowGroups& groups = frame.groupsOf(op_.ids, frame.batch() * op_.fields);
    for (int64_t g : {int64_t{0}, groups.size() - 1}) {
      if (groups.size() > 0 && (groups.row(g) < 0 || groups.row(g) >= rows)) throw rowOutOfRange("lookup_grad", name_, groups.row(g), rows);
    }
    RowSparse& gradient = *frame.context->table_gradients[op_.table];
    if (first_) {
      fill(groups, frame.floats(op_.d), gradient);
      return;
    }
    fill(groups, frame.floats(op_.d), later_);
    merge(gradient, later_, merged_);
    std::swap(gradient.rows, merged_.rows);
    std::swap(gradient.values, merged_.values);
  }

 private:
  // Room for as many rows as there are ids, so that a batch with more distinct rows than those before allocates nothing.
  void fill(const RowGroups& groups, const float* d, RowSparse& to) const {
    to.width = op_.width;
    to.rows.reserve(groups.count());
    to.values.reserve(groups.count() * op_.width);
    to.rows.assign(groups.rows(), groups.rows() + groups.size());
    to.values.resize(groups.size() * op_.width);
    const auto sum = op_.width == 1 ? sumByRow<1> : op_.width == 8 ? sumByRow<8> : op_.width == 16 ? sumByRow<16> : sumByRow<0>;
    sum(groups, d, op_.width, to.values.data());
  }

  const LookupGrad op_;
  const std::string name_;
  const bool first_;
  RowSparse later_, merged_;
};

}  // namespace

std::unique_ptr<Kernel> makeLookupGrad(const LookupGrad& instruction, const std::string& table, bool first) {
  return std::make_unique<LookupGradKernel>(instruction, table, first);
}

}  // namespace lossmith
