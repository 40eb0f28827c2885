// An embedding table: one huge-page arena in which a row's weight, m and v lie side by side, so that an update touches one place.
// With `tangent` a row has `width` floats more: its part of V (state/lookahead.h), which is no part of the state.
// Sizes are 64-bit. Memory that nobody has touched costs nothing; a table larger than the machine's memory is refused at once.
#pragma once

#include <cstdint>

#include "engine/executor.h"
#include "engine/state/optimizer.h"
#include "engine/state/state_spec.h"

namespace lossmith {

class Table {
 public:
  // Throws Error(Config, "table-too-large") when the machine does not give the memory.
  Table(const TableSpec& spec, const OptimizerSpec& optimizer, bool tangent);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const TableSpec& spec() const { return spec_; }
  int64_t bytes() const { return bytes_; }
  int64_t stride() const { return stride_; }
  float* base() { return base_; }
  // Floats from a row's weight to its tangent; -1: it has none.
  int64_t tangent() const { return tangent_ ? spec_.width * optimizer_.states() : -1; }
  TableView view() const { return {base_, spec_.rows, spec_.width, stride_, tangent()}; }

  // First weights and states of rows from..to.
  void initialize(uint64_t seed, int64_t from, int64_t to);

  // Copies `count` floats, row-major from element `first`, of plane 0 (weight), 1 or 2 (the optimizer's states in their order).
  void read(int plane, int64_t first, int64_t count, float* out) const;
  void write(int plane, int64_t first, int64_t count, const float* in);

 private:
  TableSpec spec_;
  OptimizerSpec optimizer_;
  bool tangent_;
  int64_t stride_, bytes_;
  float* base_;
};

}  // namespace lossmith
