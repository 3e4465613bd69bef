// JavaScript's access to the CUDA plugin: opening it, and CUDA graphs. The addon itself does not link CUDA.
#pragma once

#include <napi.h>

namespace nodule {

// Whether the CUDA plugin is open. Check it before asking libtorch about CUDA: if asked before libtorch_cuda is open,
// libtorch answers no for the rest of the process.
bool cuda_plugin_is_open();

void init_cuda(Napi::Env env, Napi::Object exports);

}  // namespace nodule
