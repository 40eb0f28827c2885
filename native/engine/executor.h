// Runs one program on one thread: its arena, its oneDNN primitives (cached by batch size), nothing shared. An engine thread owns
// one executor per program. The result depends on program and inputs only, never on the thread or on what ran before.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/program.h"
#include "engine/row_sparse.h"

namespace lossmith {

// Where a table's weights lie: row r starts at data + r * stride (floats). weight, m, v and tangent of a row lie side by side.
struct TableView {
  const float* data;
  int64_t rows, width, stride;
  int64_t tangent = -1;  // floats from a row's weight to its tangent; -1: it has none
};

struct RunContext {
  int64_t batch = 0;  // examples, 0 .. max_batch
  uint64_t seed = 0;
  int64_t step = 0;
  int lane = 0;
  std::vector<const void*> inputs;          // by program.inputs
  std::vector<const float*> parameters;     // by program.parameters
  std::vector<const float*> tangents;       // by program.parameters; of use to the second phase only
  std::vector<TableView> tables;            // by program.tables
  std::vector<float*> gradients;            // by program.parameters; written whole (beta = 0). Empty for programs without gradients
  std::vector<RowSparse*> table_gradients;  // by program.tables; cleared and filled
  std::vector<float*> outputs;              // by program.outputs
};

// A program of one phase has an empty second one.
enum class ProgramPhase { First, Second };

class Executor {
 public:
  // The program must outlive it. Throws Error(Config, "program-invalid") when an instruction does not fit its buffers.
  explicit Executor(const Program& program);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Throws Error(Config, "row-out-of-range") when an id is not a row of its table. batch 0 runs like any other: a sum over no examples is 0.
  // The second phase finds the arena as the first one left it: the same batch and the same inputs, no other run in between.
  void run(const RunContext& context, ProgramPhase phase = ProgramPhase::First);

  // For the op tests: every arena buffer lies by itself, as long as this batch needs, between zones of a pattern; what no
  // instruction has written is NaN. overruns() names the buffers whose zones the last run wrote to.
  void enableGuards();
  std::vector<int> overruns() const;  // buffer numbers

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lossmith
