// What the names of a program of the plan stand for: parameters and tables by their number in the plan, inputs of a batch by their width, outputs by
// their size. The same for all devices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/feed.h"
#include "engine/program.h"
#include "engine/state/dense_layout.h"
#include "engine/state/state_spec.h"

namespace lossmith {

struct ProgramBinding {
  // `output` is what the caller reads after a run. The program must outlive this. Throws Error(Config, "plan") for a name that nobody has.
  ProgramBinding(const Program& program, const std::string& output, const DenseLayout& dense, const std::vector<TableSpec>& tables,
                 int64_t controller_size);

  // Throws Error(Config, "batch-shape") when the batch does not fit the program.
  void checkBatch(const Batch& batch) const;
  // Values an example of that input has; 0 where the program has none.
  int64_t width(const std::string& input) const;

  const Program* program;
  std::vector<size_t> parameters, tables;  // numbers of the plan, by those of the program
  std::vector<int64_t> input_widths;       // a batch's; 0 for an input of no example
  std::vector<int64_t> output_sizes;       // floats
  size_t output;
};

}  // namespace lossmith
