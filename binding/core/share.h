// Tensors in transit from one worker to another. There is one table per process.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstddef>

namespace nodule {

struct Environment;

// Number of tensors that `owner` shared and that other threads can still take.
std::size_t shared_of(const Environment* owner);

// Drops what `owner` shared and other threads can still take. Called when its environment ends.
void drop_shared_of(const Environment* owner);

void init_share(Napi::Env env, Napi::Object exports);

}  // namespace nodule
