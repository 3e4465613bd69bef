// Grad mode, autocast and inference mode of one moment, for work that goes on later.
#pragma once

#include <napi.h>

namespace nodule {

void init_modes(Napi::Env env, Napi::Object exports);

}  // namespace nodule
