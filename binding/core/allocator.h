// The CPU allocator. It counts live bytes and keeps freed large blocks: glibc returns every block above its mmap
// threshold to the kernel at once, so work on whole slices would spend two thirds of its time in page faults.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nodule {

// Replaces libtorch's CPU allocator, once per process.
void install_cpu_allocator();

// Bytes of live CPU storages allocated through it.
std::int64_t cpu_bytes_alive();
// Bytes of freed blocks that are kept for reuse.
std::int64_t cpu_bytes_kept();
// Returns the kept blocks to the system.
void empty_cpu_cache();

}  // namespace nodule
