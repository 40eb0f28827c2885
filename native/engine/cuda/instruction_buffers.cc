// See instruction_buffers.h.
#include "engine/cuda/instruction_buffers.h"

namespace lossmith {
namespace {

struct Visitor {
  InstructionBuffers operator()(const Matmul& op) const { return {present({op.a, op.b, op.bias}), {op.out}}; }
  InstructionBuffers operator()(const Elementwise& op) const {
    InstructionBuffers buffers{op.inputs, {}};
    for (const ElementwiseOutput& output : op.outputs) buffers.writes.push_back(output.buffer);
    return buffers;
  }
  InstructionBuffers operator()(const ReduceSum& op) const { return {{op.x}, {op.out}}; }
  InstructionBuffers operator()(const ReduceMax& op) const { return {{op.x}, {op.out}}; }
  InstructionBuffers operator()(const Lookup& op) const { return {{op.ids}, {op.out}}; }
  InstructionBuffers operator()(const LookupGrad& op) const { return {{op.ids, op.d}, {}}; }
  InstructionBuffers operator()(const Concat& op) const { return {op.inputs, {op.out}}; }
  InstructionBuffers operator()(const Slice& op) const { return {{op.x}, {op.out}}; }
  InstructionBuffers operator()(const Transpose& op) const { return {{op.x}, {op.out}}; }
  InstructionBuffers operator()(const DropoutMask& op) const { return {{}, {op.out}}; }
  InstructionBuffers operator()(const Uniform& op) const { return {{}, {op.out}}; }
  InstructionBuffers operator()(const OneHot& op) const { return {{op.ids}, {op.out}}; }
  InstructionBuffers operator()(const PairDots& op) const { return {{op.x}, {op.out}}; }
  InstructionBuffers operator()(const PairDotsCross& op) const { return {{op.a, op.b}, {op.out}}; }
  InstructionBuffers operator()(const PairDotsGrad& op) const { return {{op.x, op.d}, {op.out}}; }
  InstructionBuffers operator()(const PairwiseAuc& op) const { return {{op.z, op.y}, {op.out}}; }
  InstructionBuffers operator()(const PairwiseAucGrad& op) const { return {{op.z, op.y, op.d}, {op.out}}; }
  InstructionBuffers operator()(const FusedMatmul& op) const {
    const bool writes_mask = op.gate < 0;
    return {present({op.product.a, op.product.b, op.product.bias, op.added, op.gate, writes_mask ? -1 : op.mask}),
            present({op.product.out, op.column_sums, op.sums_of_b, writes_mask ? op.mask : -1})};
  }
  InstructionBuffers operator()(const RoundToHalf& op) const { return {{op.x}, {op.out}}; }

 private:
  static std::vector<int> present(std::initializer_list<int> buffers) {
    std::vector<int> there;
    for (const int buffer : buffers) {
      if (buffer >= 0) there.push_back(buffer);
    }
    return there;
  }
};

}  // namespace

InstructionBuffers buffersOf(const DeviceInstruction& instruction) { return std::visit(Visitor{}, instruction); }

}  // namespace lossmith
