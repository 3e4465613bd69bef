// Memory use of each device, from libtorch's allocators.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace nodule {

// Bytes of live CUDA tensors on all devices; 0 if CUDA is missing or not in use.
std::int64_t cuda_bytes_alive();
// Frees what CUDA's caching allocator keeps for reuse.
void empty_cuda_cache();
// One line on memory use, for out-of-memory errors.
std::string memory_report();

void init_devices(Napi::Env env, Napi::Object exports);

}  // namespace nodule
