// An engine that was built without a CUDA compiler: it has no devices and says how to get them.
#include "engine/collective/nccl/nccl_collective.h"
#include "engine/collective/nccl/nccl_communicator.h"
#include "engine/collective/nccl/nccl_session.h"
#include "engine/cuda/cuda_trainer.h"
#include "engine/cuda/device.h"
#include "engine/cuda/device_report.h"
#include "engine/cuda/elementwise_source.h"
#include "engine/cuda/kernel_compiler.h"
#include "engine/cuda/run_on_device.h"
#include "engine/errors.h"
#include "engine/step_parts.h"

namespace lossmith {
namespace {

[[noreturn]] void refuse() {
  std::string why;
  listDevices(why);
  throw configError("no-gpu", "[cuda] wanted a usable GPU, got none: " + why);
}

}  // namespace

bool builtWithCuda() { return false; }

std::vector<DeviceInfo> listDevices(std::string& why) {
  why = "this engine was built without CUDA: install a CUDA toolkit (12 or newer) and build again";
  return {};
}

std::unique_ptr<Trainer> createCudaTrainer(TrainerOptions) { refuse(); }

int64_t freeDeviceBytes(int) { refuse(); }

std::unique_ptr<Collective> createNcclCollective(int, int, int, std::chrono::milliseconds) { refuse(); }

std::unique_ptr<NcclSession> createNcclSession(int) { refuse(); }

nccl::ncclUniqueId createNcclId() { refuse(); }

std::unique_ptr<StepParts> deviceStepParts() { refuse(); }

std::vector<std::string> runOnDevice(const Program&, const RunContext&, const RunOnDevice&) { refuse(); }

DeviceProfile profileOnDevice(const Program&, const RunContext&, const RunOnDevice&, int) { refuse(); }

ElementwiseSource elementwiseSource(const Elementwise&) { refuse(); }

KernelCompiler::KernelCompiler(int, std::string) { refuse(); }

std::string KernelCompiler::compile(const KernelSource&) const { refuse(); }

}  // namespace lossmith
