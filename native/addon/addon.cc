// The addon's exports, in the order of native/ts/binding.ts. Each file of this folder registers its own.
#include <napi.h>

#include "addon/describe.h"
#include "addon/errors_to_js.h"
#if __has_include("addon/run_program.h")
#include "addon/run_program.h"
#endif
#if __has_include("addon/index_task.h")
#include "addon/index_task.h"
#endif
#if __has_include("addon/feed_object.h")
#include "addon/feed_object.h"
#endif

namespace lossmith {

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  registerErrors(env, exports);
  registerDescribe(env, exports);
#if __has_include("addon/run_program.h")
  registerRunProgram(env, exports);
#endif
#if __has_include("addon/index_task.h")
  registerIndexTasks(env, exports);
#endif
#if __has_include("addon/feed_object.h")
  registerFeed(env, exports);
#endif
  return exports;
}

NODE_API_MODULE(lossmith, initialize)

}  // namespace lossmith
