// What this build and this machine are; and a process that ends with its parent.
#pragma once

#include <napi.h>

namespace lossmith {
void registerDescribe(Napi::Env env, Napi::Object exports);
}
