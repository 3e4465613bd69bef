#include "core/allocator.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "core/errors.h"

namespace nodule {

namespace {

// Precedes each block. Its size is libtorch's alignment, so the data after it stays aligned.
struct alignas(64) Header {
  std::size_t asked;
  std::size_t size;
};
static_assert(sizeof(Header) == 64, "the data must stay aligned to 64 bytes");

// Smaller blocks are not kept here, because malloc keeps them.
constexpr std::size_t kSmallestKept = std::size_t{1} << 18;
constexpr std::size_t kDefaultLimit = std::size_t{768} << 20;

std::atomic<std::int64_t> alive{0};

class BlockCache {
 public:
  Header* take(std::size_t size) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = blocks_.find(size);
    if (found == blocks_.end() || found->second.empty()) return nullptr;
    Header* header = found->second.back();
    found->second.pop_back();
    total_ -= size;
    return header;
  }

  bool keep(Header* header) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (total_ + header->size > limit_) return false;
    blocks_[header->size].push_back(header);
    total_ += header->size;
    return true;
  }

  void clear() {
    std::map<std::size_t, std::vector<Header*>> blocks;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      blocks.swap(blocks_);
      total_ = 0;
    }
    for (auto& [size, headers] : blocks) {
      for (Header* header : headers) c10::free_cpu(header);
    }
  }

  void limit(std::size_t bytes) {
    bool is_above = false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      limit_ = bytes;
      is_above = total_ > limit_;
    }
    if (is_above) clear();
  }

  std::int64_t total() {
    std::lock_guard<std::mutex> lock(mutex_);
    return static_cast<std::int64_t>(total_);
  }

 private:
  std::mutex mutex_;
  std::map<std::size_t, std::vector<Header*>> blocks_;
  std::size_t total_ = 0;
  std::size_t limit_ = kDefaultLimit;
};

// Never destroyed: libtorch frees tensors up to the very end of the process.
BlockCache& cache() {
  static auto* instance = new BlockCache();
  return *instance;
}

// Eight sizes per power of two: at most an eighth is wasted, and requests of nearly the same size can reuse a block.
std::size_t rounded(std::size_t bytes) {
  if (bytes < kSmallestKept) return bytes;
  std::size_t step = kSmallestKept / 8;
  while (step * 16 <= bytes) step *= 2;
  return (bytes + step - 1) / step * step;
}

void release(void* data) {
  if (!data) return;
  auto* header = reinterpret_cast<Header*>(static_cast<char*>(data) - sizeof(Header));
  alive.fetch_sub(static_cast<std::int64_t>(header->asked), std::memory_order_relaxed);
  if (header->size < kSmallestKept || !cache().keep(header)) c10::free_cpu(header);
}

// A larger request can only be a mistake, and adding to it could overflow.
constexpr std::size_t kLargestAsked = std::size_t{1} << 62;

[[noreturn]] void refuse(std::size_t bytes) {
  throw OutOfMemory("out of memory on cpu: " + std::to_string(bytes) +
                    " bytes could not be allocated, even after freeing the blocks kept for reuse");
}

// libtorch reports only that the allocation failed. Kept blocks are free memory, so they are freed before giving up.
Header* from_system(std::size_t size, std::size_t asked) {
  try {
    return static_cast<Header*>(c10::alloc_cpu(size + sizeof(Header)));
  } catch (const std::exception&) {
    cache().clear();
  }
  try {
    return static_cast<Header*>(c10::alloc_cpu(size + sizeof(Header)));
  } catch (const std::exception&) {
    refuse(asked);
  }
}

enum class Guard { kNone, kAfter, kBefore };

std::atomic<Guard> guard{Guard::kNone};

// A guarded block: a page with this header, an inaccessible page, the data at the beginning or end of its pages, an
// inaccessible page. What is left of the data's pages has a pattern, which is checked when the block is freed.
struct GuardedBlock {
  std::size_t mapped;
  std::size_t asked;
  unsigned char* rest;
  std::size_t rest_size;
};

constexpr int kPattern = 0xA5;

void release_guarded(void* context) {
  auto* block = static_cast<GuardedBlock*>(context);
  for (std::size_t i = 0; i < block->rest_size; ++i) {
    if (block->rest[i] != kPattern) std::abort();
  }
  alive.fetch_sub(static_cast<std::int64_t>(block->asked), std::memory_order_relaxed);
  munmap(block, block->mapped);
}

c10::DataPtr allocate_guarded(std::size_t bytes, Guard side) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  // What vector instructions need; reads of up to 15 bytes past the end go unnoticed.
  constexpr std::size_t kAlignment = 16;
  const std::size_t padded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  const std::size_t data_pages = (padded + page - 1) / page * page;
  const std::size_t mapped = data_pages + 3 * page;
  void* base = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) refuse(bytes);
  auto* pages = static_cast<unsigned char*>(base) + 2 * page;
  mprotect(pages - page, page, PROT_NONE);
  mprotect(pages + data_pages, page, PROT_NONE);
  unsigned char* data = side == Guard::kAfter ? pages + data_pages - padded : pages;
  unsigned char* rest = side == Guard::kAfter ? pages : pages + bytes;
  const std::size_t rest_size = data_pages - (side == Guard::kAfter ? padded : bytes);
  std::memset(rest, kPattern, rest_size);
  *static_cast<GuardedBlock*>(base) = {mapped, bytes, rest, rest_size};
  alive.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  return {data, base, &release_guarded, c10::Device(c10::DeviceType::CPU)};
}

class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &release, c10::Device(c10::DeviceType::CPU)};
    if (bytes > kLargestAsked) refuse(bytes);
    const Guard side = guard.load(std::memory_order_relaxed);
    if (side != Guard::kNone) return allocate_guarded(bytes, side);
    const std::size_t size = rounded(bytes);
    Header* header = size >= kSmallestKept ? cache().take(size) : nullptr;
    if (!header) header = from_system(size, bytes);
    header->asked = bytes;
    header->size = size;
    alive.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
    void* data = reinterpret_cast<char*>(header) + sizeof(Header);
    return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* target, const void* source, std::size_t bytes) const override {
    std::memcpy(target, source, bytes);
  }
};

void install() {
  static std::once_flag once;
  std::call_once(once, [] {
    static auto* allocator = new CountingAllocator();
    c10::SetCPUAllocator(allocator, /*priority=*/100);
  });
}

constexpr CpuAllocator kOwn{install,
                            [] { return alive.load(std::memory_order_relaxed); },
                            [] { return cache().total(); },
                            [] { cache().clear(); },
                            [](std::size_t bytes) { cache().limit(bytes); },
                            [](bool before) { guard.store(before ? Guard::kBefore : Guard::kAfter); }};

std::atomic<const CpuAllocator*> used{&kOwn};

}  // namespace

const CpuAllocator& own_cpu_allocator() { return kOwn; }

void use_cpu_allocator(const CpuAllocator& allocator) {
  used.store(&allocator);
  allocator.install();
}

std::int64_t cpu_bytes_alive() { return used.load()->bytes_alive(); }
std::int64_t cpu_bytes_kept() { return used.load()->bytes_kept(); }
void empty_cpu_cache() { used.load()->empty_cache(); }
void limit_cpu_cache(std::size_t bytes) { used.load()->limit_cache(bytes); }
void guard_cpu_allocations(bool before) { used.load()->guard(before); }

}  // namespace nodule
