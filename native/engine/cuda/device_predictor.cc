// See device_predictor.h.
#include "engine/cuda/device_predictor.h"

namespace lossmith {
namespace {

constexpr size_t kValuesAt = 256;  // bytes: behind the bad row

}  // namespace

DevicePredictor::DevicePredictor(Device& device, DeviceRunner& runner, int threads, int64_t capacity)
    : device_(device),
      runner_(runner),
      layout_(widthsOf({&runner.binding()}), capacity),
      input_(device, layout_.bytes),
      scalars_(device, sizeof(StepScalars)),
      output_(device, kValuesAt + runner.outputFloats() * sizeof(float)) {
  for (int thread = 0; thread < threads; thread++) {
    inputs_.emplace_back(device, layout_.bytes);
    outputs_.emplace_back(device, output_.bytes());
  }
  device.stream().fill(scalars_.data(), 0, scalars_.bytes());
}

const float* DevicePredictor::run(const Batch& batch, int thread) {
  runner_.binding().checkBatch(batch);
  PinnedMemory &input = inputs_[thread], &output = outputs_[thread];
  const BatchCopy copy(layout_, batch, input.as<char>());
  for (int64_t piece = 0; piece < copy.pieces(); piece++) copy.run(piece);

  const std::lock_guard lock(mutex_);
  device_.use();
  Stream& stream = device_.stream();
  const DeviceBatch placed = copyBatch(layout_, batch.count, input.as<char>(), input_.data(), stream);
  stream.fill(output_.data(), 0xff, sizeof(int64_t));
  float* values = reinterpret_cast<float*>(output_.as<char>() + kValuesAt);
  runner_.bind(placed, {.scalars = scalars_.as<StepScalars>(), .bad_row = output_.as<int64_t>(), .outputs = values});
  runner_.enqueue();
  stream.copyOut(output.as<char>(), output_.data(), output_.bytes());
  stream.synchronize();
  if (const int64_t row = *output.as<int64_t>(); row != -1) throw runner_.badRowError(row);
  return runner_.output(reinterpret_cast<const float*>(output.as<char>() + kValuesAt));
}

}  // namespace lossmith
