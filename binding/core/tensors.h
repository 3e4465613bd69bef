// Creating tensors, and reading their values and properties.
#pragma once

#include <napi.h>

namespace nodule {

void init_tensors(Napi::Env env, Napi::Object exports);

}  // namespace nodule
