// The values of tensors as ArrayBuffers: views of libtorch's memory, and copies made at once or off the thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

namespace nodule {

// An ArrayBuffer over the memory of a contiguous CPU tensor, which it keeps alive.
Napi::ArrayBuffer buffer_over(Napi::Env env, const at::Tensor& tensor);

// Contiguous, on the CPU, and never the memory of `tensor` itself.
at::Tensor copied_to_cpu(const at::Tensor& tensor);

void init_buffers(Napi::Env env, Napi::Object exports);

}  // namespace nodule
