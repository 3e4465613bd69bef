#include "core/slots.h"

#include <cstdlib>
#include <stdexcept>

#include "core/environment.h"

namespace nodule {

namespace {

// A slot is generation * 2^24 + index, exact in a double as long as the generation stays below 2^29.
constexpr double kIndexRange = 16777216.0;
constexpr std::uint32_t kGenerationRange = 1u << 29;

// V8 is notified in steps of this many bytes, because a notification costs more than freeing a small tensor.
constexpr std::int64_t kCollectorStep = std::int64_t{1} << 20;

struct Parts {
  std::size_t index;
  std::uint32_t generation;
};

Parts split(double slot) {
  if (!(slot >= 0) || slot >= kIndexRange * kGenerationRange) return {SIZE_MAX, 0};
  const auto generation = static_cast<std::uint64_t>(slot / kIndexRange);
  const auto index = static_cast<std::uint64_t>(slot) - generation * static_cast<std::uint64_t>(kIndexRange);
  return {static_cast<std::size_t>(index), static_cast<std::uint32_t>(generation)};
}

}  // namespace

double SlotTable::put(at::Tensor tensor) {
  std::uint32_t index;
  if (free_.empty()) {
    if (entries_.size() >= static_cast<std::size_t>(kIndexRange))
      throw std::runtime_error("2^24 tensors are alive, which is the limit. Call dispose(), or work inside scope()");
    index = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[index];
  entry.tensor = std::move(tensor);
  entry.used = true;
  ++live_;
  return entry.generation * kIndexRange + index;
}

bool SlotTable::alive(double slot) const {
  const Parts parts = split(slot);
  return parts.index < entries_.size() && entries_[parts.index].used &&
         entries_[parts.index].generation == parts.generation;
}

const at::Tensor& SlotTable::at(double slot) const {
  if (!alive(slot)) throw std::invalid_argument("the tensor was disposed");
  return entries_[split(slot).index].tensor;
}

bool SlotTable::release(double slot) {
  if (!alive(slot)) return false;
  const Parts parts = split(slot);
  Entry& entry = entries_[parts.index];
  // Moved out of the table first: freeing a graph may take long, and nothing may see a half-freed entry.
  at::Tensor tensor = std::move(entry.tensor);
  const std::shared_ptr<MemoryView> view = std::move(entry.view);
  watched_change_ -= entry.watched;
  entry.watched = 0;
  entry.used = false;
  entry.generation = (entry.generation + 1) % kGenerationRange;
  free_.push_back(static_cast<std::uint32_t>(parts.index));
  --live_;
  return true;
}

std::shared_ptr<MemoryView>& SlotTable::view_of(double slot) {
  if (!alive(slot)) throw std::invalid_argument("the tensor was disposed");
  return entries_[split(slot).index].view;
}

void SlotTable::watch(double slot) {
  if (!alive(slot)) return;
  Entry& entry = entries_[split(slot).index];
  if (entry.watched != 0 || !entry.tensor.has_storage()) return;
  entry.watched = static_cast<std::int64_t>(entry.tensor.numel() * entry.tensor.itemsize());
  watched_change_ += entry.watched;
}

std::int64_t SlotTable::take_watched_change() {
  const std::int64_t change = watched_change_;
  watched_change_ = 0;
  return change;
}

SlotTable& slots(Napi::Env env) { return environment(env).slots; }

void tell_collector(Napi::Env env) {
  SlotTable& table = slots(env);
  if (std::llabs(table.watched_change()) < kCollectorStep) return;
  std::int64_t now = 0;
  napi_adjust_external_memory(env, table.take_watched_change(), &now);
}

const at::Tensor& tensor_at(const Napi::Value& slot) {
  if (!slot.IsNumber()) throw std::invalid_argument("found a value that is not a number, expected a tensor slot");
  return slots(slot.Env()).at(slot.As<Napi::Number>().DoubleValue());
}

at::Tensor optional_tensor_at(const Napi::Value& slot) {
  if (slot.IsEmpty() || slot.IsNull() || slot.IsUndefined()) return {};
  if (slot.IsNumber() && slot.As<Napi::Number>().DoubleValue() < 0) return {};
  return tensor_at(slot);
}

std::vector<at::Tensor> tensors_at(const Napi::Value& array_of_slots) {
  if (!array_of_slots.IsArray())
    throw std::invalid_argument("found a value that is not an array, expected an array of tensor slots");
  const auto array = array_of_slots.As<Napi::Array>();
  std::vector<at::Tensor> tensors;
  tensors.reserve(array.Length());
  for (std::uint32_t i = 0; i < array.Length(); ++i) tensors.push_back(tensor_at(array.Get(i)));
  return tensors;
}

Napi::Value slot_of(Napi::Env env, at::Tensor tensor) {
  return Napi::Number::New(env, slots(env).put(std::move(tensor)));
}

Napi::Array slots_of(Napi::Env env, const std::vector<at::Tensor>& tensors) {
  auto array = Napi::Array::New(env, tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) array.Set(static_cast<std::uint32_t>(i), slot_of(env, tensors[i]));
  return array;
}

}  // namespace nodule
