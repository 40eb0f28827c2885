// A chain of elementwise functions on the device: compiled for it when the program is made (elementwise_source.h), or where nothing compiles
// (an emulated device, a GPU without NVRTC) read step by step from memory. Both take the same functions in the same order and round alike, so
// they and the CPU give the same bits, but for what kind of NaN.
#include <algorithm>
#include <utility>

#include "engine/cuda/device_setup.h"
#include "engine/cuda/elementwise_source.h"
#include "engine/cuda/kernel_cache.h"
#include "engine/cuda/launch.cuh"
#include "engine/cuda/ops.h"
#include "engine/function_table.h"
#include "engine/scalar_functions.h"

namespace lossmith {
namespace {

constexpr int64_t kSliceMost = int64_t{1} << 30;                         // elements of a launch, so that 32 bits do for indices
constexpr int64_t kEmulatedSliceMost = 1 << 12;                          // so that tests see slices
constexpr int kInputsMost = 32, kOutputsMost = 32, kRegistersMost = 64;  // of an interpreted chain
constexpr int kTogether = 8;                                             // elements that one thread interprets side by side

// Whole indices of the outermost dimension: the same chain over a part of its index space.
struct Slice {
  int64_t first, elements;
};

class ChainKernel : public DeviceKernel {
 public:
  explicit ChainKernel(const Elementwise& chain) : chain_(chain), sizes_(chain.dims.size()) {}

  void enqueue(DeviceFrame& frame) override {
    int64_t inner = 1;
    for (size_t d = 0; d < sizes_.size(); d++) sizes_[d] = frame.size(chain_.dims[d]);
    for (size_t d = 1; d < sizes_.size(); d++) inner *= sizes_[d];
    if (inner * sizes_[0] == 0) return;
    if (inner > kSliceMost) {
      throw configError("program-invalid", "[elementwise] wanted at most 2^30 elements inside the outermost dimension, got " + std::to_string(inner));
    }
    const int64_t most = std::max<int64_t>(1, (frame.stream->device().emulated() ? kEmulatedSliceMost : kSliceMost) / inner);
    for (int64_t first = 0; first < sizes_[0]; first += most) enqueueSlice(frame, {first, std::min(most, sizes_[0] - first) * inner});
  }

 protected:
  virtual void enqueueSlice(DeviceFrame& frame, const Slice& slice) = 0;

  const float* input(const DeviceFrame& frame, size_t i, const Slice& slice) const {
    return frame.floats(chain_.inputs[i]) + slice.first * chain_.strides[i][0];
  }
  float* output(const DeviceFrame& frame, size_t o, const Slice& slice) const {
    int64_t inner = 1;
    for (size_t d = 1; d < sizes_.size(); d++) inner *= sizes_[d];
    return frame.floats(chain_.outputs[o].buffer) + slice.first * inner;
  }

  const Elementwise chain_;
  std::vector<int64_t> sizes_;
};

class CompiledChain : public ChainKernel {
 public:
  CompiledChain(const Elementwise& chain, KernelCache& kernels) : ChainKernel(chain) {
    ElementwiseSource source = elementwiseSource(chain);
    aligned_ = std::move(source.aligned);
    kernel_ = &kernels.add({std::move(source.name), std::move(source.text)});
  }

 private:
  void enqueueSlice(DeviceFrame& frame, const Slice& slice) override {
    // As elementwise_source.h says: addresses, total and quads, four sizes.
    const size_t inputs = std::max<size_t>(1, chain_.inputs.size()), outputs = std::max<size_t>(1, chain_.outputs.size());
    arguments_.assign(inputs + outputs + 3, 0);
    bool quads = true;
    for (size_t i = 0; i < chain_.inputs.size(); i++) {
      arguments_[i] = reinterpret_cast<uint64_t>(input(frame, i, slice));
      quads = quads && !(aligned_[i] && arguments_[i] % 16 != 0);
    }
    for (size_t o = 0; o < chain_.outputs.size(); o++) {
      arguments_[inputs + o] = reinterpret_cast<uint64_t>(output(frame, o, slice));
      quads = quads && arguments_[inputs + o] % 16 == 0;
    }
    const auto pair = [](int64_t low, int64_t high) { return static_cast<uint64_t>(low) | static_cast<uint64_t>(high) << 32; };
    const int64_t pieces = quads ? slice.elements / 4 : 0;
    arguments_[inputs + outputs] = pair(slice.elements, pieces);
    const auto size = [&](size_t d) { return d < sizes_.size() ? sizes_[d] : 1; };
    arguments_[inputs + outputs + 1] = pair(size(0), size(1));
    arguments_[inputs + outputs + 2] = pair(size(2), size(3));
    const int64_t threads = std::max(pieces, slice.elements - 4 * pieces);
    void* arguments[] = {arguments_.data()};
    kernel_->launch(*frame.stream, gridFor(*frame.stream, (threads + kElementwiseThreads - 1) / kElementwiseThreads, 32), kElementwiseThreads,
                    arguments);
  }

  CompiledKernel* kernel_;
  std::vector<bool> aligned_;
  std::vector<uint64_t> arguments_;
};

struct InterpretedStep {
  Function f;
  int to, a, b;
  float value;
  bool whole, odd;
};

// What does not change from run to run; lies in device memory, the steps behind it.
struct InterpretedChain {
  int dims, inputs, outputs, steps;
  int64_t strides[kInputsMost][4];
  int registers[kOutputsMost];
};

struct Interpret {
  const InterpretedChain* chain;
  const InterpretedStep* steps;
  const float* in[kInputsMost];
  float* out[kOutputsMost];
  unsigned sizes[4];
  int64_t total, groups;

  // Elements group, group + groups, ...: neighbouring threads stay neighbours.
  __host__ __device__ void operator()(int64_t group) const {
    float r[kRegistersMost][kTogether];
    for (int k = 0; k < kTogether; k++) {
      const int64_t e = group + k * groups;
      unsigned index[4], rest = static_cast<unsigned>(e < total ? e : group);
      for (int d = chain->dims - 1; d > 0; d--) {
        index[d] = rest % sizes[d];
        rest /= sizes[d];
      }
      index[0] = rest;
      for (int i = 0; i < chain->inputs; i++) {
        const float* from = in[i];
        for (int d = 0; d < chain->dims; d++) from += chain->strides[i][d] * index[d];
        r[i][k] = *from;
      }
    }
    for (int s = 0; s < chain->steps; s++) take(steps[s], r[steps[s].to], r[steps[s].a], r[steps[s].b]);
    for (int o = 0; o < chain->outputs; o++) {
      for (int k = 0; k < kTogether && group + k * groups < total; k++) out[o][group + k * groups] = r[chain->registers[o]][k];
    }
  }

  __host__ __device__ static void take(const InterpretedStep& step, float* to, const float* as, const float* bs) {
    [[maybe_unused]] const float value = step.value;
    [[maybe_unused]] const bool whole = step.whole, odd = step.odd;
    switch (step.f) {
#define TAKE(name, function, arguments)                  \
  case Function::name:                                   \
    for (int k = 0; k < kTogether; k++) {                \
      [[maybe_unused]] const float a = as[k], b = bs[k]; \
      to[k] = function arguments;                        \
    }                                                    \
    break;
      LOSSMITH_FUNCTIONS(TAKE)
#undef TAKE
    }
  }
};

class InterpretedChainKernel : public ChainKernel {
 public:
  InterpretedChainKernel(const Elementwise& chain, Device& device) : ChainKernel(chain) {
    if (chain.inputs.size() > kInputsMost || chain.outputs.size() > kOutputsMost || chain.registers > kRegistersMost) {
      throw configError("program-invalid",
                        "[elementwise] wanted a chain of at most 32 inputs, 32 outputs and 64 registers where NVRTC is missing, got one of " +
                            std::to_string(chain.registers) + " registers");
    }
    InterpretedChain fixed{static_cast<int>(chain.dims.size()),
                           static_cast<int>(chain.inputs.size()),
                           static_cast<int>(chain.outputs.size()),
                           static_cast<int>(chain.steps.size()),
                           {},
                           {}};
    for (size_t i = 0; i < chain.inputs.size(); i++) std::copy(chain.strides[i].begin(), chain.strides[i].end(), fixed.strides[i]);
    for (size_t o = 0; o < chain.outputs.size(); o++) fixed.registers[o] = chain.outputs[o].reg;
    std::vector<InterpretedStep> steps;
    for (const ElementwiseStep& step : chain.steps) {
      steps.push_back({step.f, step.to, step.a, step.b, step.value, isWhole(step.value), isOdd(step.value)});
    }
    fixed_ = DeviceMemory(device, sizeof fixed);
    steps_ = DeviceMemory(device, std::max<size_t>(1, steps.size()) * sizeof(InterpretedStep));
    device.stream().copyIn(fixed_.data(), &fixed, sizeof fixed);
    device.stream().copyIn(steps_.data(), steps.data(), steps.size() * sizeof(InterpretedStep));
    device.stream().synchronize();
  }

 private:
  void enqueueSlice(DeviceFrame& frame, const Slice& slice) override {
    Interpret body{};
    body.chain = fixed_.as<InterpretedChain>();
    body.steps = steps_.as<InterpretedStep>();
    for (size_t i = 0; i < chain_.inputs.size(); i++) body.in[i] = input(frame, i, slice);
    for (size_t o = 0; o < chain_.outputs.size(); o++) body.out[o] = output(frame, o, slice);
    for (size_t d = 0; d < sizes_.size(); d++) body.sizes[d] = static_cast<unsigned>(sizes_[d]);
    body.total = slice.elements;
    body.groups = (slice.elements + kTogether - 1) / kTogether;
    forEach(*frame.stream, body.groups, body);
  }

  DeviceMemory fixed_, steps_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceElementwise(const Elementwise& instruction, DeviceSetup& setup) {
  Elementwise chain = instruction;
  if (chain.dims.empty()) {  // one number
    chain.dims = {1};
    for (std::vector<int64_t>& strides : chain.strides) strides = {0};
  }
  const bool empty = std::find(chain.dims.begin(), chain.dims.end(), 0) != chain.dims.end();
  if (setup.kernels.compiles() && !empty) return std::make_unique<CompiledChain>(chain, setup.kernels);
  return std::make_unique<InterpretedChainKernel>(chain, setup.device);
}

}  // namespace lossmith
