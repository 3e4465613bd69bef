// The CUDA plugin as JavaScript sees it: opening it, and graphs. The addon itself knows nothing of CUDA.
#pragma once

#include <napi.h>

namespace nodule {

// Without the plugin CUDA is not used. Asking libtorch itself before libtorch_cuda is open would make it say no for
// ever.
bool cuda_plugin_is_open();

void init_cuda(Napi::Env env, Napi::Object exports);

}  // namespace nodule
