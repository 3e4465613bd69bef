// Making tensors, reading them and their properties.
#pragma once

#include <napi.h>

namespace nodule {

void init_tensors(Napi::Env env, Napi::Object exports);

}  // namespace nodule
