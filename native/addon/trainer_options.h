// Reads TrainerOptions of native/ts/binding.ts: the plan of model/plan.ts and this rank's lanes and threads.
#pragma once

#include <napi.h>

#include "engine/trainer.h"

namespace lossmith {
// Throws Error(Config, "native-argument" | "program-invalid") that names the key.
TrainerOptions trainerOptionsFromJs(const Napi::Object& options);
TableSpec tableFromJs(const Napi::Object& table);
OptimizerSpec optimizerFromJs(const Napi::Object& optimizer);
Lookahead lookaheadFromJs(const Napi::Object& object);
}  // namespace lossmith
