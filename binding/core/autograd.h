// Gradients, grad mode and autocast.
#pragma once

#include <napi.h>

namespace nodule {

void init_autograd(Napi::Env env, Napi::Object exports);

}  // namespace nodule
