// The addon's exports, in the order of native/ts/binding.ts. Each file of this folder registers its own.
#include <napi.h>

#include "addon/collective_object.h"
#include "addon/describe.h"
#include "addon/describe_cuda.h"
#include "addon/errors_to_js.h"
#include "addon/feed_object.h"
#include "addon/index_task.h"
#include "addon/kernel_source.h"
#include "addon/nccl_object.h"
#include "addon/run_program.h"
#include "addon/step_parts.h"
#include "addon/trainer_object.h"

namespace lossmith {

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  registerErrors(env, exports);
  registerDescribe(env, exports);
  registerDescribeCuda(env, exports);
  registerRunProgram(env, exports);
  registerStepParts(env, exports);
  registerKernelSource(env, exports);
  registerCollective(env, exports);
  registerNccl(env, exports);
  registerTrainer(env, exports);
  registerIndexTasks(env, exports);
  registerFeed(env, exports);
  return exports;
}

NODE_API_MODULE(lossmith, initialize)

}  // namespace lossmith
