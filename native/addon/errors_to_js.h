// Errors of the engine on their way to JavaScript: a lossmith::Error becomes a LossmithError of the same kind, code and message.
// Anything else that is thrown is a bug and becomes kind 'broken', code 'native'.
#pragma once

#include <napi.h>

#include <exception>
#include <type_traits>

#include "engine/errors.h"

namespace lossmith {

// native/ts/load.ts hands the class over once: setErrorClass(LossmithError).
void registerErrors(Napi::Env env, Napi::Object exports);

// The JavaScript error for a caught exception. JavaScript thread only.
Napi::Error errorToJs(Napi::Env env, std::exception_ptr caught);

// Runs `body` on the JavaScript thread and throws whatever it throws as a JavaScript error.
template <class Body>
auto throwingToJs(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw errorToJs(env, std::current_exception());
  }
}

}  // namespace lossmith
