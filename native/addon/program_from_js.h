// Reads a Program of model/program.ts into the engine's. Every field is looked at: a wrong one is Error(Config, "program-invalid") with the
// path of the field, what was wanted and what was got. Whether instructions fit their buffers is the executor's business.
#pragma once

#include <napi.h>

#include "engine/program.h"

namespace lossmith {

Program programFromJs(const Napi::Object& program);

}  // namespace lossmith
