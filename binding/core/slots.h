// JavaScript refers to tensors by slot numbers. A slot has an index and a generation, so that a number kept after its
// tensor was disposed is not mistaken for the tensor that reuses the index. Each Node environment (main thread or
// worker) has its own table.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/errors.h"

namespace nodule {

// What a buffer of `data()` shows. It holds the storage and not the tensor, whose storage set_data() can replace.
struct MemoryView {
  c10::Storage storage;
  void* data;
  std::size_t bytes;
};

class SlotTable {
 public:
  double put(at::Tensor tensor);
  // Throws std::invalid_argument if the slot was disposed.
  const at::Tensor& at(double slot) const;
  bool alive(double slot) const;
  // Returns false if the slot was disposed already.
  bool release(double slot);
  std::size_t count() const { return live_; }

  // The memory that the last `data()` of this slot exposed; null before the first.
  std::shared_ptr<MemoryView>& view_of(double slot);
  // Counts the tensor's bytes, once until its release, among those that only the garbage collector frees.
  void watch(double slot);
  // Bytes watched since the last call, minus those released.
  std::int64_t take_watched_change();
  std::int64_t watched_change() const { return watched_change_; }

 private:
  struct Entry {
    at::Tensor tensor;
    std::shared_ptr<MemoryView> view;
    std::int64_t watched = 0;
    std::uint32_t generation = 0;
    bool used = false;
  };
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::size_t live_ = 0;
  std::int64_t watched_change_ = 0;
};

SlotTable& slots(Napi::Env env);

// Tells V8 how much memory its objects hold outside its heap; otherwise it sees no reason to collect them.
void tell_collector(Napi::Env env);

const at::Tensor& tensor_at(const Napi::Value& slot);
// A null, undefined or negative slot gives an undefined tensor.
at::Tensor optional_tensor_at(const Napi::Value& slot);
std::vector<at::Tensor> tensors_at(const Napi::Value& array_of_slots);
Napi::Value slot_of(Napi::Env env, at::Tensor tensor);
Napi::Array slots_of(Napi::Env env, const std::vector<at::Tensor>& tensors);

}  // namespace nodule
