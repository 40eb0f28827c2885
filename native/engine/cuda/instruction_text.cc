// See instruction_text.h.
#include "engine/cuda/instruction_text.h"

#include <vector>

namespace lossmith {
namespace {

std::string sizesOf(const std::vector<int64_t>& sizes) {
  std::string text;
  for (const int64_t size : sizes) {
    const std::string one = size >= 0 ? std::to_string(size) : size == kBatch ? "B" : std::to_string(-size) + "B";
    text += (text.empty() ? " " : "×") + one;
  }
  return text;
}

struct Text {
  std::string operator()(const Matmul& op) const {
    return "matmul" + sizesOf({op.m, op.n, op.k}) + (op.bias >= 0 ? " bias" : "") + (op.activation == Activation::Relu ? " relu" : "");
  }
  std::string operator()(const FusedMatmul& op) const {
    return (*this)(op.product) + (op.added >= 0 ? " added" : "") + (op.gate >= 0 ? " gate" : "") + (op.column_sums >= 0 ? " column sums" : "") +
           (op.sums_of_b >= 0 ? " sums of b" : "") + (op.half_a ? " bf16" : "");
  }
  std::string operator()(const RoundToHalf& op) const { return "round to bf16" + sizesOf({op.rows, op.columns}); }
  std::string operator()(const Elementwise& op) const {
    return "elementwise" + sizesOf(op.dims) + ", " + std::to_string(op.steps.size()) + " steps, " + std::to_string(op.inputs.size()) + " in, " +
           std::to_string(op.outputs.size()) + " out";
  }
  std::string operator()(const ReduceSum& op) const { return "reduce_sum" + sizesOf({op.outer, op.length, op.inner}); }
  std::string operator()(const ReduceMax& op) const { return "reduce_max" + sizesOf({op.outer, op.length, op.inner}); }
  std::string operator()(const Lookup& op) const { return "lookup" + sizesOf({kBatch, op.fields, op.width}); }
  std::string operator()(const LookupGrad& op) const { return "lookup_grad" + sizesOf({kBatch, op.fields, op.width}); }
  std::string operator()(const Concat& op) const { return "concat" + sizesOf({op.outer}) + " of" + sizesOf(op.widths); }
  std::string operator()(const Slice& op) const { return "slice" + sizesOf({op.outer, op.width}); }
  std::string operator()(const Transpose& op) const { return "transpose" + sizesOf({op.outer, op.rows, op.columns}); }
  std::string operator()(const DropoutMask& op) const { return "dropout_mask" + sizesOf({kBatch, op.width}); }
  std::string operator()(const Uniform& op) const { return "uniform" + sizesOf({kBatch, op.width}); }
  std::string operator()(const OneHot& op) const { return "one_hot" + sizesOf({kBatch, static_cast<int64_t>(op.rows.size())}); }
  std::string operator()(const PairDots& op) const { return "pair_dots" + sizesOf({kBatch, op.fields, op.width}); }
  std::string operator()(const PairDotsCross& op) const { return "pair_dots_cross" + sizesOf({kBatch, op.fields, op.width}); }
  std::string operator()(const PairDotsGrad& op) const { return "pair_dots_grad" + sizesOf({kBatch, op.fields, op.width}); }
  std::string operator()(const PairwiseAuc&) const { return "pairwise_auc B"; }
  std::string operator()(const PairwiseAucGrad&) const { return "pairwise_auc_grad B"; }
};

}  // namespace

std::string textOf(const DeviceInstruction& instruction) { return std::visit(Text{}, instruction); }

}  // namespace lossmith
