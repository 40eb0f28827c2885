// out[B, rows]: 1 where ids[b, column] is that row, else 0.
#include "engine/cuda/fast_division.cuh"
#include "engine/cuda/launch.cuh"
#include "engine/cuda/ops.h"

namespace lossmith {
namespace {

struct MarkRow {
  const int64_t* ids;
  const int64_t* rows;
  float* out;
  int64_t fields;
  FastDivision width;
  __host__ __device__ void operator()(int64_t i) const {
    const auto [example, place] = width(i);
    out[i] = ids[example * fields] == rows[place] ? 1.0f : 0.0f;
  }
};

class OneHotKernel : public DeviceKernel {
 public:
  OneHotKernel(const OneHot& instruction, Device& device) : op_(instruction), rows_(device, op_.rows.size() * sizeof(int64_t)) {
    device.stream().copyIn(rows_.data(), op_.rows.data(), rows_.bytes());
    device.stream().synchronize();
  }

  void enqueue(DeviceFrame& frame) override {
    const auto width = static_cast<int64_t>(op_.rows.size());
    const int64_t n = frame.batch * width;
    forEach(*frame.stream, n,
            MarkRow{frame.ids(op_.ids) + op_.column, rows_.as<int64_t>(), frame.floats(op_.out), op_.fields, FastDivision(width, n)});
  }

 private:
  const OneHot op_;
  const DeviceMemory rows_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceOneHot(const OneHot& instruction, Device& device) {
  return std::make_unique<OneHotKernel>(instruction, device);
}

}  // namespace lossmith
