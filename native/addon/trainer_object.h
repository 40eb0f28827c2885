// The Trainer of native/ts/binding.ts.
#pragma once

#include <napi.h>

namespace lossmith {
void registerTrainer(Napi::Env env, Napi::Object exports);
}
