// Tensors on their way from one worker to another. The table is the process's; each entry can be taken once.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>

namespace nodule {

struct Environment;

// What `owner` shared and nobody took is let go: called when its environment ends.
void drop_shared_of(const Environment* owner);

void init_share(Napi::Env env, Napi::Object exports);

}  // namespace nodule
