// Native.runProgram: one program, once, on plain arrays. For tests of ops. Native.profileProgram: where its time goes on a GPU.
#pragma once

#include <napi.h>

namespace lossmith {
void registerRunProgram(Napi::Env env, Napi::Object exports);
}
