// Threads, seeds, memory figures and CUDA's presence.
#pragma once

#include <napi.h>

namespace nodule {

void init_runtime(Napi::Env env, Napi::Object exports);

}  // namespace nodule
