// What each device holds, from libtorch's allocators.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace nodule {

// Bytes of live CUDA tensors on all devices, 0 where CUDA is not there or not in use.
std::int64_t cuda_bytes_alive();
// Gives back what CUDA's caching allocator keeps for reuse.
void empty_cuda_cache();
// One line for an error of memory.
std::string memory_report();

void init_devices(Napi::Env env, Napi::Object exports);

}  // namespace nodule
