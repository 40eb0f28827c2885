// See describe.h.
#include "addon/describe.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>

#include "engine/cpu_class.h"

namespace lossmith {
namespace {

constexpr const char* kVersion = "0.1.0";

Napi::Value describe(const Napi::CallbackInfo& info) {
  const CpuClass cpu = cpuClass();
  Napi::Object description = Napi::Object::New(info.Env());
  description.Set("version", kVersion);
  description.Set("cpuClass", cpu.name);
  description.Set("isa", cpu.isa);
  description.Set("onednn", cpu.onednn);
  description.Set("gloo", true);
  return description;
}

// The parent may be gone before the request is made; then no signal comes, so look once more.
Napi::Value dieWithParent(const Napi::CallbackInfo& info) {
  const bool asked = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
  return Napi::Boolean::New(info.Env(), asked && getppid() == info[0].As<Napi::Number>().Int32Value());
}

}  // namespace

void registerDescribe(Napi::Env env, Napi::Object exports) {
  exports.Set("describe", Napi::Function::New<describe>(env, "describe"));
  exports.Set("dieWithParent", Napi::Function::New<dieWithParent>(env, "dieWithParent"));
}

}  // namespace lossmith
