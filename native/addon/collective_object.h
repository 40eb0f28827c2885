// The Collective of native/ts/binding.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "engine/collective/collective.h"

namespace lossmith {

void registerCollective(Napi::Env env, Napi::Object exports);

// Throws Error(Config, "native-argument") for anything that is not a collective, Error(Broken, "closed") for a closed one.
std::shared_ptr<Collective> collectiveFromJs(Napi::Value value);

}  // namespace lossmith
