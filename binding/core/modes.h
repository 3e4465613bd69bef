// Snapshots of grad mode, autocast and inference mode, for work that continues later.
#pragma once

#include <napi.h>

namespace nodule {

void init_modes(Napi::Env env, Napi::Object exports);

}  // namespace nodule
