// The CPU allocator. It counts live bytes and keeps freed large blocks: glibc returns every block above its mmap
// threshold to the kernel at once, so work on whole slices would spend two thirds of its time in page faults.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nodule {

// One allocator serves a process, also where it has several copies of the addon: see register_operators.
struct CpuAllocator {
  // Replaces libtorch's CPU allocator, once.
  void (*install)();
  std::int64_t (*bytes_alive)();
  std::int64_t (*bytes_kept)();
  void (*empty_cache)();
  void (*limit_cache)(std::size_t bytes);
  void (*guard)(bool before);
};

const CpuAllocator& own_cpu_allocator();
// Installs the allocator whose figures the functions below return.
void use_cpu_allocator(const CpuAllocator& allocator);

// Bytes of live CPU storages allocated through it.
std::int64_t cpu_bytes_alive();
// Bytes of freed blocks that are kept for reuse.
std::int64_t cpu_bytes_kept();
// Returns the kept blocks to the system.
void empty_cpu_cache();
// Limits the bytes that are kept, now and later; 768 MiB at first.
void limit_cpu_cache(std::size_t bytes);
// For fuzzing: each later block is between inaccessible pages and touches the one after it, or the one before it, and
// is unmapped when it is freed, so that an access beyond that end or after its life ends the process at once. A write
// beyond the other end does so when the block is freed.
void guard_cpu_allocations(bool before);

}  // namespace nodule
