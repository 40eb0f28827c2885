// NCCL by itself: NcclRank and NcclBuffer of native/ts/binding.ts.
#pragma once

#include <napi.h>

namespace lossmith {
void registerNccl(Napi::Env env, Napi::Object exports);
}
