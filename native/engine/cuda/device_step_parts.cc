// See engine/step_parts.h. Sums are made twice, the second time by a replayed graph.
#include <string>

#include "engine/cuda/dense_tree_on_device.h"
#include "engine/cuda/device_optimizer.h"
#include "engine/cuda/row_tree_on_device.h"
#include "engine/cuda/table_on_device.h"
#include "engine/step_parts.h"

namespace lossmith {
namespace {

std::unique_ptr<Device> openOrEmulate() {
  std::string why;
  return listDevices(why).empty() ? Device::emulate() : Device::open(0);
}

class DeviceStepParts : public StepParts {
 public:
  DeviceStepParts() : device_(openOrEmulate()), stream_(device_->stream()) { device_->use(); }

  std::vector<float> addDense(int, const std::vector<DenseLeafValues>& leaves) override {
    const auto n = static_cast<int64_t>(leaves[0].values.size());
    std::vector<DeviceMemory> memory;
    std::vector<TreeLeaf> tree;
    for (const DenseLeafValues& leaf : leaves) tree.push_back({leaf.lane, copyIn(memory, leaf.values)});
    DenseTreeOnDevice sum(*device_, static_cast<int>(leaves.size()), n);
    DeviceMemory out(*device_, n * sizeof(float));
    twice([&] { sum.add(stream_, tree, n, out.as<float>()); });
    return copyOut<float>(out.data(), n);
  }

  TwoRowSums addRows(int, int64_t table_rows, const std::vector<RowLeafValues>& leaves) override {
    std::vector<DeviceMemory> memory;
    std::vector<RowLeafOnDevice> first, second;
    int64_t capacity = 0;
    for (const RowLeafValues& leaf : leaves) {
      first.push_back({leaf.lane, copyIn(memory, leaf.first)});
      second.push_back({leaf.lane, copyIn(memory, leaf.second)});
      capacity += first.back().rows.capacity;
    }
    RowTreeOnDevice tree(*device_, table_rows, leaves[0].first.width, capacity);
    RowTreeOnDevice alike(*device_, table_rows, leaves[0].second.width, capacity, &tree);
    DeviceRows first_sum, second_sum;
    twice([&] {
      first_sum = tree.add(stream_, first);
      second_sum = alike.add(stream_, second);
    });
    return {copyOut(first_sum), copyOut(second_sum)};
  }

  Planes stepDense(const StepScalarsOf& scalars, const Planes& state, const std::vector<float>& gradient,
                   const std::vector<float>& validation) override {
    std::vector<DeviceMemory> memory;
    std::vector<float*> planes;
    for (const std::vector<float>& plane : state) planes.push_back(copyIn(memory, plane));
    const auto n = static_cast<int64_t>(gradient.size());
    const bool m = scalars.optimizer.hasM(), v = scalars.optimizer.hasV();
    const DenseOnDevice dense = {n, planes[0], m ? planes[1] : nullptr, v ? planes.back() : nullptr};
    const float *g = copyIn(memory, gradient), *h = copyIn(memory, validation);
    planes.push_back(copyIn(memory, std::vector<float>(n)));
    const LookaheadStep* step = copyScalars(memory, scalars);
    lookaheadDenseOnDevice(stream_, step, dense, g, h, planes.back());
    updateDenseOnDevice(stream_, &step->step, dense, g);
    Planes out;
    for (const float* plane : planes) out.push_back(copyOut<float>(plane, n));
    return out;
  }

  Planes stepTable(const StepScalarsOf& scalars, const TableSpec& spec, uint64_t seed, const RowSparse& gradient,
                   const RowSparse& validation) override {
    std::vector<DeviceMemory> memory;
    constexpr int64_t kSmall = 1000;  // floats: so that even a small table takes several pieces
    TransferBuffer transfer(*device_, kSmall);
    TableOnDevice table(*device_, spec, scalars.optimizer, true);
    table.initialize(stream_, transfer, seed);
    const DeviceRows g = copyIn(memory, gradient), h = copyIn(memory, validation);
    const LookaheadStep* step = copyScalars(memory, scalars);
    lookaheadTablesOnDevice(stream_, step, {{table.view(), g, h}});
    updateTablesOnDevice(stream_, &step->step, {{table.view(), g}});
    Planes planes(scalars.optimizer.states() + 1, std::vector<float>(spec.rows * spec.width));
    for (size_t i = 0; i < planes.size(); i++) table.read(stream_, transfer, static_cast<int>(i), 0, spec.rows * spec.width, planes[i].data());
    return planes;
  }

 private:
  template <class T>
  T* copyIn(std::vector<DeviceMemory>& memory, const std::vector<T>& values) {
    memory.emplace_back(*device_, values.size() * sizeof(T));
    stream_.copyIn(memory.back().data(), values.data(), values.size() * sizeof(T));
    stream_.synchronize();
    return memory.back().template as<T>();
  }
  // With room for rows that are not there.
  DeviceRows copyIn(std::vector<DeviceMemory>& memory, const RowSparse& rows) {
    const auto count = static_cast<int64_t>(rows.rows.size());
    std::vector<int64_t> numbers = rows.rows;
    std::vector<float> values = rows.values;
    numbers.resize(count + 5, int64_t{1} << 50);
    values.resize((count + 5) * rows.width, 1e30f);
    int64_t* counted = copyIn(memory, std::vector<int64_t>{count});
    int64_t* named = copyIn(memory, numbers);
    return {rows.width, count + 5, counted, named, copyIn(memory, values)};
  }
  const LookaheadStep* copyScalars(std::vector<DeviceMemory>& memory, const StepScalarsOf& of) {
    return copyIn(memory, std::vector<LookaheadStep>{{of.optimizer, of.lookahead, of.step, of.examples, of.validation_examples}});
  }

  template <class T>
  std::vector<T> copyOut(const void* from, int64_t count) {
    std::vector<T> values(count);
    stream_.copyOut(values.data(), from, count * sizeof(T));
    stream_.synchronize();
    return values;
  }
  RowSparse copyOut(const DeviceRows& rows) {
    const int64_t count = copyOut<int64_t>(rows.count, 1)[0];
    return {rows.width, copyOut<int64_t>(rows.rows, count), copyOut<float>(rows.values, count * rows.width)};
  }

  template <class Work>
  void twice(const Work& work) {
    work();
    Graph graph(stream_, work);
    graph.replay(stream_);
    stream_.synchronize();
  }

  std::unique_ptr<Device> device_;
  Stream& stream_;
};

}  // namespace

std::unique_ptr<StepParts> deviceStepParts() { return std::make_unique<DeviceStepParts>(); }

}  // namespace lossmith
