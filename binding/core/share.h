// Tensors in transit from one worker to another. There is one table per process; each entry can be taken once.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>

namespace nodule {

struct Environment;

// Drops what `owner` shared and nobody took. Called when its environment ends.
void drop_shared_of(const Environment* owner);

void init_share(Napi::Env env, Napi::Object exports);

}  // namespace nodule
