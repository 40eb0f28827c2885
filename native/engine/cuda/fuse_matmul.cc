// See fuse_matmul.h.
#include "engine/cuda/fuse_matmul.h"

namespace lossmith {

DeviceProgram fuseMatmuls(const Program& program, Precision) { return unfused(program); }

DeviceProgram unfused(const Program& program) {
  DeviceProgram made{program, {}, {}};
  for (const Instruction& instruction : program.code) {
    std::visit([&](const auto& op) { made.code.emplace_back(op); }, instruction);
    made.origins.push_back(static_cast<int>(made.origins.size()));
  }
  made.program.code.clear();
  return made;
}

}  // namespace lossmith
