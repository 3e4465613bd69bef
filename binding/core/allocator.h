// The CPU allocator that counts what is alive and keeps freed large blocks: glibc gives every block above its limit
// back to the kernel at once, so whole slices would spend two thirds of their time in page faults.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nodule {

// Replaces libtorch's CPU allocator, once for the process.
void install_cpu_allocator();

// Bytes of live CPU storages allocated through it.
std::int64_t cpu_bytes_alive();
// Bytes of freed blocks that are kept for reuse.
std::int64_t cpu_bytes_kept();
// Gives the kept blocks back to the system.
void empty_cpu_cache();

}  // namespace nodule
