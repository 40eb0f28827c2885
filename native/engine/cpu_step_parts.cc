// See step_parts.h.
#include "engine/lanes/lane_tree.h"
#include "engine/lanes/row_tree.h"
#include "engine/state/table.h"
#include "engine/step_parts.h"

namespace lossmith {
namespace {

RowSpan spanOf(const RowSparse& rows) { return {rows.rows.data(), rows.values.data(), static_cast<int64_t>(rows.rows.size())}; }

class CpuStepParts : public StepParts {
 public:
  std::vector<float> addDense(int lanes, const std::vector<DenseLeafValues>& leaves) override {
    std::vector<TreeLeaf> tree;
    for (const DenseLeafValues& leaf : leaves) tree.push_back({leaf.lane, leaf.values.data()});
    std::vector<float> out(leaves[0].values.size());
    addTree(tree.data(), static_cast<int>(tree.size()), lanes, static_cast<int64_t>(out.size()), out.data(), scratch_);
    return out;
  }

  TwoRowSums addRows(int lanes, int64_t table_rows, const std::vector<RowLeafValues>& leaves) override {
    std::vector<RowLeaf> first, second;
    for (const RowLeafValues& leaf : leaves) {
      first.push_back({leaf.lane, spanOf(leaf.first)});
      second.push_back({leaf.lane, spanOf(leaf.second)});
    }
    return {addRows(lanes, table_rows, leaves[0].first.width, first), addRows(lanes, table_rows, leaves[0].second.width, second)};
  }

  Planes stepDense(const StepScalarsOf& scalars, const Planes& state, const std::vector<float>& gradient,
                   const std::vector<float>& validation) override {
    Planes planes = state;
    const OptimizerSpec& optimizer = scalars.optimizer;
    float* m = optimizer.hasM() ? planes[1].data() : nullptr;
    float* v = optimizer.hasV() ? planes.back().data() : nullptr;
    const auto n = static_cast<int64_t>(gradient.size());
    std::vector<float> direction(n);
    const LookaheadStep lookahead(optimizer, scalars.lookahead, scalars.step, scalars.examples, scalars.validation_examples);
    lookaheadDense(lookahead, n, gradient.data(), validation.data(), planes[0].data(), m, v, direction.data());
    updateDense(lookahead.step, n, gradient.data(), planes[0].data(), m, v);
    planes.push_back(std::move(direction));
    return planes;
  }

  Planes stepTable(const StepScalarsOf& scalars, const TableSpec& spec, uint64_t seed, const RowSparse& gradient,
                   const RowSparse& validation) override {
    Table table(spec, scalars.optimizer, true);
    table.initialize(seed, 0, spec.rows);
    const LookaheadStep lookahead(scalars.optimizer, scalars.lookahead, scalars.step, scalars.examples, scalars.validation_examples);
    lookaheadRows(lookahead, table.base(), table.stride(), spec.width, table.tangent(), spanOf(gradient), spanOf(validation));
    updateRows(lookahead.step, table.base(), table.stride(), spec.width, gradient.rows.data(), gradient.values.data(),
               static_cast<int64_t>(gradient.rows.size()));
    Planes planes(scalars.optimizer.states() + 1, std::vector<float>(spec.rows * spec.width));
    for (size_t i = 0; i < planes.size(); i++) table.read(static_cast<int>(i), 0, spec.rows * spec.width, planes[i].data());
    return planes;
  }

 private:
  RowSparse addRows(int lanes, int64_t table_rows, int64_t width, const std::vector<RowLeaf>& leaves) {
    RowSegment sum;
    addRowTree(leaves, lanes, width, 0, table_rows, sum, scratch_);
    return {width, {sum.rows.begin(), sum.rows.begin() + sum.count}, {sum.values.begin(), sum.values.begin() + sum.count * width}};
  }

  std::vector<float> scratch_;
};

}  // namespace

std::unique_ptr<StepParts> cpuStepParts() { return std::make_unique<CpuStepParts>(); }

}  // namespace lossmith
