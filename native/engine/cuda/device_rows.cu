// See device_rows.h.
#include <algorithm>

#include "engine/cuda/bad_row.cuh"
#include "engine/cuda/device_rows.h"
#include "engine/cuda/floats.cuh"
#include "engine/cuda/key_groups.cuh"

namespace lossmith {
namespace {

struct PutIds {
  const int64_t* ids;
  KeyArray keys;
  int64_t rows;
  int64_t* bad_row;
  __host__ __device__ void operator()(int64_t i) const { keys.put(i, static_cast<uint64_t>(checkedRow(ids[i], rows, bad_row))); }
};

// count: of rows; null: all n values.
template <int V>
struct FindNonFinite {
  const float* values;
  const int64_t* count;
  int64_t width;
  int32_t* flag;
  __host__ __device__ void operator()(int64_t i) const {
    if (count != nullptr && i * V >= *count * width) return;
    if (!Floats<V>::load(values + i * V).finite()) *flag = 1;
  }
};

void find(Stream& stream, const float* values, int64_t n, const int64_t* count, int64_t width, int32_t* flag) {
  if (inFours(values) && inFours(n) && inFours(width)) forEach(stream, n / 4, FindNonFinite<4>{values, count, width, flag});
  else forEach(stream, n, FindNonFinite<1>{values, count, width, flag});
}

}  // namespace

RowGrouper::RowGrouper(Device& device, int64_t capacity) : keys_(std::make_unique<KeyGroups>(device, capacity)) {}
RowGrouper::~RowGrouper() = default;
RowGrouper::RowGrouper(RowGrouper&&) noexcept = default;

void RowGrouper::group(Stream& stream, const int64_t* ids, int64_t n, int64_t rows, int64_t* bad_row) {
  forEach(stream, n, PutIds{ids, keys_->keys(rows), rows, bad_row});
  keys_->group(stream, n, rows, std::max<int64_t>(rows - 1, 0));
}

RowGroupsOnDevice RowGrouper::groups() const {
  return {keys_->capacity(), keys_->count(), keys_->groupKeys(), keys_->begins(), keys_->entries(), keys_->groupsOf()};
}

int64_t rowCapacity(const Program& program, int table, int64_t rows) {
  int64_t ids = 0;
  for (const Instruction& instruction : program.code) {
    const auto* grad = std::get_if<LookupGrad>(&instruction);
    if (grad != nullptr && grad->table == table) ids += grad->fields * program.max_batch;
  }
  return std::min(ids, rows);
}

void markNonFinite(Stream& stream, const float* values, int64_t n, int32_t* flag) { find(stream, values, n, nullptr, 4, flag); }

void markNonFinite(Stream& stream, const DeviceRows& rows, int32_t* flag) {
  find(stream, rows.values, rows.capacity * rows.width, rows.count, rows.width, flag);
}

}  // namespace lossmith
