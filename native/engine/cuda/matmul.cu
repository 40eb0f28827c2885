// out[m,n] = op(a)[m,k] · op(b)[k,n], alone or with what was fused to it (device_program.h), by Products; and the rounding to bf16 before it.
#include "engine/cuda/ops.h"
#include "engine/cuda/product_kernels.h"
#include "engine/cuda/products.h"

namespace lossmith {
namespace {

class MatmulKernel : public DeviceKernel {
 public:
  MatmulKernel(const FusedMatmul& instruction, Products& products) : op_(instruction), products_(products) {}

  void enqueue(DeviceFrame& frame) override {
    const Matmul& op = op_.product;
    Product product;
    product.m = frame.size(op.m);
    product.n = frame.size(op.n);
    product.k = frame.size(op.k);
    product.a = matrix(frame, op.a, product.m, product.k, op.transpose_a, op_.half_a);
    product.b = matrix(frame, op.b, product.k, product.n, op.transpose_b, op_.half_b);
    product.out = frame.bases[op.out];
    product.stride = op_.half_out ? halfStride(product.n) : product.n;
    product.half_out = op_.half_out;
    product.added = at<void>(frame, op_.added);
    product.bias = at<void>(frame, op.bias);
    product.half_bias = op_.half_bias;
    product.relu = op.activation == Activation::Relu;
    product.gate = at<void>(frame, op_.gate);
    product.gate_stride = op_.half_gate ? halfStride(product.n) : product.n;
    product.half_gate = op_.half_gate;
    product.mask = at<void>(frame, op_.mask);
    product.column_sums = at<float>(frame, op_.column_sums);
    product.sums_of_b = at<float>(frame, op_.sums_of_b);
    products_.enqueue(*frame.stream, product);
  }

 private:
  static Matrix matrix(const DeviceFrame& frame, int buffer, int64_t rows, int64_t columns, bool transposed, bool half) {
    const int64_t width = transposed ? rows : columns;
    return {frame.bases[buffer], half ? halfStride(width) : width, transposed, half};
  }

  template <class T>
  static T* at(const DeviceFrame& frame, int buffer) {
    return buffer < 0 ? nullptr : static_cast<T*>(frame.bases[buffer]);
  }

  const FusedMatmul op_;
  Products& products_;
};

class RoundToHalfKernel : public DeviceKernel {
 public:
  explicit RoundToHalfKernel(const RoundToHalf& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    roundToHalf(*frame.stream, frame.floats(op_.x), frame.bases[op_.out], frame.size(op_.rows), frame.size(op_.columns));
  }

 private:
  const RoundToHalf op_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceMatmul(const Matmul& instruction, DeviceSetup& setup) {
  return std::make_unique<MatmulKernel>(FusedMatmul{instruction}, setup.products);
}

std::unique_ptr<DeviceKernel> makeDeviceFusedMatmul(const FusedMatmul& instruction, DeviceSetup& setup) {
  return std::make_unique<MatmulKernel>(instruction, setup.products);
}

std::unique_ptr<DeviceKernel> makeDeviceRoundToHalf(const RoundToHalf& instruction) { return std::make_unique<RoundToHalfKernel>(instruction); }

}  // namespace lossmith
