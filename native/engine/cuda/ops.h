// The device kernels of all instructions, by cuda/<op>.cu.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/cuda/device_kernel.h"
#include "engine/cuda/device_program.h"
#include "engine/cuda/device_setup.h"

namespace lossmith {

constexpr int64_t kWorkspaceBytes = int64_t{2} << 20;  // of DeviceFrame.workspace, for one instruction after the other

// sum[outer, inner] = Σ over length of x[outer, length, inner], squares the same of x²; sum may be -1.
struct SquareSums {
  int x, sum, squares;
  int64_t outer, length, inner;
};

std::unique_ptr<DeviceKernel> makeDeviceConcat(const Concat& instruction);
std::unique_ptr<DeviceKernel> makeDeviceSlice(const Slice& instruction);
std::unique_ptr<DeviceKernel> makeDeviceTranspose(const Transpose& instruction);
std::unique_ptr<DeviceKernel> makeDeviceReduceSum(const ReduceSum& instruction);
std::unique_ptr<DeviceKernel> makeDeviceSquareSums(const SquareSums& instruction);
std::unique_ptr<DeviceKernel> makeDeviceReduceMax(const ReduceMax& instruction);
std::unique_ptr<DeviceKernel> makeDeviceDropoutMask(const DropoutMask& instruction);
std::unique_ptr<DeviceKernel> makeDeviceUniform(const Uniform& instruction);
std::unique_ptr<DeviceKernel> makeDeviceOneHot(const OneHot& instruction, Device& device);
std::unique_ptr<DeviceKernel> makeDevicePairDots(const PairDots& instruction);
std::unique_ptr<DeviceKernel> makeDevicePairDotsCross(const PairDotsCross& instruction);
std::unique_ptr<DeviceKernel> makeDevicePairDotsGrad(const PairDotsGrad& instruction);
std::unique_ptr<DeviceKernel> makeDevicePairwiseAuc(const PairwiseAuc& instruction);
std::unique_ptr<DeviceKernel> makeDevicePairwiseAucGrad(const PairwiseAucGrad& instruction);
// Independent lookups, of any tables, in one launch.
std::unique_ptr<DeviceKernel> makeDeviceLookups(std::vector<Lookup> instructions);
// `at`: where in program.code the LookupGrad is. Memory beyond the frame's: for one lookup_grad of a table little, for a later one of the same
// table its values twice.
std::unique_ptr<DeviceKernel> makeDeviceLookupGrad(const Program& program, size_t at, Device& device);
// Compiled by setup.kernels.load(), or else by its first run.
std::unique_ptr<DeviceKernel> makeDeviceElementwise(const Elementwise& instruction, DeviceSetup& setup);
std::unique_ptr<DeviceKernel> makeDeviceMatmul(const Matmul& instruction, DeviceSetup& setup);
std::unique_ptr<DeviceKernel> makeDeviceFusedMatmul(const FusedMatmul& instruction, DeviceSetup& setup);
std::unique_ptr<DeviceKernel> makeDeviceRoundToHalf(const RoundToHalf& instruction);

}  // namespace lossmith
