// Native.chainSources, Native.compileKernel: what compiles at run time on a GPU, for tests that have none.
#pragma once

#include <napi.h>

namespace lossmith {
void registerKernelSource(Napi::Env env, Napi::Object exports);
}
