// See errors_to_js.h. The class lives in the addon's instance data, so every worker_thread has its own.
#include "addon/errors_to_js.h"

#include <string>

namespace lossmith {
namespace {

struct ErrorClass {
  Napi::FunctionReference constructor;
};

const char* kindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Config:
      return "config";
    case ErrorKind::Refused:
      return "refused";
    case ErrorKind::Transient:
      return "transient";
    case ErrorKind::Broken:
      break;
  }
  return "broken";
}

Napi::Error makeError(Napi::Env env, ErrorKind kind, const std::string& code, const std::string& message) {
  auto* known = env.GetInstanceData<ErrorClass>();
  if (known != nullptr && !known->constructor.IsEmpty()) {
    Napi::Object error =
        known->constructor.New({Napi::String::New(env, kindName(kind)), Napi::String::New(env, code), Napi::String::New(env, message)});
    return Napi::Error(env, error);
  }
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("name", Napi::String::New(env, "LossmithError"));
  error.Set("kind", Napi::String::New(env, kindName(kind)));
  error.Set("code", Napi::String::New(env, code));
  return error;
}

}  // namespace

void registerErrors(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new ErrorClass());
  exports.Set("setErrorClass", Napi::Function::New(
                                   env,
                                   [](const Napi::CallbackInfo& info) {
                                     info.Env().GetInstanceData<ErrorClass>()->constructor = Napi::Persistent(info[0].As<Napi::Function>());
                                   },
                                   "setErrorClass"));
}

Napi::Error errorToJs(Napi::Env env, std::exception_ptr caught) {
  try {
    std::rethrow_exception(caught);
  } catch (const Napi::Error& error) {
    return error;
  } catch (const Error& error) {
    return makeError(env, error.kind(), error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return makeError(env, ErrorKind::Broken, "out-of-memory", "wanted more memory than this machine gives the process");
  } catch (const std::exception& error) {
    return makeError(env, ErrorKind::Broken, "native", error.what());
  }
}

}  // namespace lossmith
