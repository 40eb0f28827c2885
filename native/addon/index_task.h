// indexFile and countValues of native/ts/binding.ts: passes over logs that belong to no handle, each on a thread of its own.
#pragma once

#include <napi.h>

namespace lossmith {

void registerIndexTasks(Napi::Env env, Napi::Object exports);

}  // namespace lossmith
