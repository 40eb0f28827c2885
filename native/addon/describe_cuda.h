// The GPUs of this machine and the libraries that they are used through.
#pragma once

#include <napi.h>

namespace lossmith {
void registerDescribeCuda(Napi::Env env, Napi::Object exports);
}
