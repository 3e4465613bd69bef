// Number of threads, seed, memory use, and whether CUDA is available.
#pragma once

#include <napi.h>

namespace nodule {

void init_runtime(Napi::Env env, Napi::Object exports);

}  // namespace nodule
