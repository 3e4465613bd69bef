// Tensor values as ArrayBuffers: views of libtorch's memory, and copies, synchronous or off the JavaScript thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

namespace nodule {

// An ArrayBuffer over the memory of a contiguous CPU tensor, which it keeps alive.
Napi::ArrayBuffer buffer_over(Napi::Env env, const at::Tensor& tensor);

// A contiguous copy on the CPU that never shares memory with `tensor`.
at::Tensor copied_to_cpu(const at::Tensor& tensor);

// The values as bytes, copied. Throws std::length_error if this version of Node has no buffer of that size.
Napi::ArrayBuffer copied_buffer(Napi::Env env, const at::Tensor& tensor);

void init_buffers(Napi::Env env, Napi::Object exports);

}  // namespace nodule
