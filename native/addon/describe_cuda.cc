// See describe_cuda.h.
#include "addon/describe_cuda.h"

#include <string>
#include <vector>

#include "addon/errors_to_js.h"
#include "engine/cuda/device.h"
#include "engine/cuda/device_report.h"
#include "engine/cuda/libraries/find_libraries.h"

namespace lossmith {
namespace {

Napi::Object deviceToJs(Napi::Env env, const DeviceInfo& info) {
  Napi::Object device = Napi::Object::New(env);
  device.Set("ordinal", info.ordinal);
  device.Set("name", info.name);
  device.Set("uuid", info.uuid);
  device.Set("major", info.major);
  device.Set("minor", info.minor);
  device.Set("processors", info.processors);
  device.Set("memory", static_cast<double>(info.memory));
  device.Set("driver", info.driver);
  device.Set("runtime", info.runtime);
  return device;
}

Napi::Value textOrNull(Napi::Env env, const std::string& text) { return text.empty() ? env.Null() : Napi::String::New(env, text); }

Napi::Object libraryToJs(Napi::Env env, const LibraryFinding& found) {
  Napi::Object library = Napi::Object::New(env);
  library.Set("name", found.name);
  library.Set("path", textOrNull(env, found.path));
  library.Set("version", textOrNull(env, found.version));
  library.Set("why", textOrNull(env, found.why));
  return library;
}

Napi::Value describeCuda(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return throwingToJs(env, [&]() -> Napi::Value {
    std::string why;
    const std::vector<DeviceInfo> found = listDevices(why);
    Napi::Array devices = Napi::Array::New(env, found.size());
    for (uint32_t i = 0; i < found.size(); i++) devices.Set(i, deviceToJs(env, found[i]));
    const bool wanted = info[0].IsObject() && info[0].As<Napi::Object>().Get("libraries").ToBoolean();
    const std::vector<LibraryFinding> libraries = wanted ? findLibraries() : std::vector<LibraryFinding>();
    Napi::Array list = Napi::Array::New(env, libraries.size());
    for (uint32_t i = 0; i < libraries.size(); i++) list.Set(i, libraryToJs(env, libraries[i]));
    Napi::Object description = Napi::Object::New(env);
    description.Set("built", builtWithCuda());
    description.Set("devices", devices);
    description.Set("why", textOrNull(env, why));
    description.Set("libraries", list);
    return description;
  });
}

Napi::Value freeDeviceMemory(const Napi::CallbackInfo& info) {
  return throwingToJs(info.Env(), [&]() -> Napi::Value {
    if (!info[0].IsNumber()) throw configError("native-argument", "[cuda] wanted the number of a GPU, got " + info[0].ToString().Utf8Value());
    return Napi::Number::New(info.Env(), static_cast<double>(freeDeviceBytes(info[0].As<Napi::Number>().Int32Value())));
  });
}

}  // namespace

void registerDescribeCuda(Napi::Env env, Napi::Object exports) {
  exports.Set("describeCuda", Napi::Function::New<describeCuda>(env, "describeCuda"));
  exports.Set("freeDeviceMemory", Napi::Function::New<freeDeviceMemory>(env, "freeDeviceMemory"));
}

}  // namespace lossmith
