// Parts of a step by themselves, for tests: engine/step_parts.h.
#pragma once

#include <napi.h>

namespace lossmith {
void registerStepParts(Napi::Env env, Napi::Object exports);
}
