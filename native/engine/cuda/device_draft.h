// A device's program while fuse_matmul.h makes it: instructions that may go, buffers that may come.
#pragma once

#include <optional>
#include <vector>

#include "engine/cuda/device_program.h"
#include "engine/cuda/instruction_buffers.h"

namespace lossmith {

struct DraftInstruction {
  std::optional<DeviceInstruction> op;  // none: taken over by another
  int origin = -1;                      // as DeviceProgram::origins
  bool second = false;                  // of the second phase

  template <class Op>
  Op* as() {
    return op ? std::get_if<Op>(&*op) : nullptr;
  }
};

struct DeviceDraft {
  Program program;
  std::vector<DraftInstruction> code;

  struct Uses {
    std::vector<std::vector<int>> readers, writers;  // by buffer: instructions in order; one that reads a buffer twice stands there twice
  };
  Uses uses() const;

  bool inArena(int buffer) const { return program.buffers[buffer].place == Place::Arena; }
  // A new buffer in the arena of `floats` elements, times the batch when `batch`.
  int addBuffer(bool batch, int64_t floats);
};

// Every product as a FusedMatmul.
DeviceDraft draftOf(const Program& program);

// Places buffers of the arena anew, each at a multiple of 256 bytes, so that no two overlap that are needed at the same time.
DeviceProgram finishDraft(DeviceDraft draft);

// Products that are worth a matrix kernel: neither side is a vector whatever the batch.
bool isMatrixProduct(const FusedMatmul& op);

// Precision::Bf16: operands of matrix products are rounded to bf16, once each; what only products read is never stored in another format.
void useHalfOperands(DeviceDraft& draft);

}  // namespace lossmith
