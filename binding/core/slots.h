// Tensors cross the border as slot numbers. A slot has an index and a generation, so that a number kept after its
// tensor was disposed is told from the tensor that took the place. The table belongs to one Node environment (worker).
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace nodule {

class SlotTable {
 public:
  double put(at::Tensor tensor);
  // Throws std::invalid_argument where the slot was disposed.
  const at::Tensor& at(double slot) const;
  bool alive(double slot) const;
  // False where it was disposed already.
  bool release(double slot);
  std::size_t count() const { return live_; }

 private:
  struct Entry {
    at::Tensor tensor;
    std::uint32_t generation = 0;
    bool used = false;
  };
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::size_t live_ = 0;
};

SlotTable& slots(Napi::Env env);

const at::Tensor& tensor_at(const Napi::Value& slot);
// A null, undefined or negative slot is an undefined tensor.
at::Tensor optional_tensor_at(const Napi::Value& slot);
std::vector<at::Tensor> tensors_at(const Napi::Value& array_of_slots);
Napi::Value slot_of(Napi::Env env, at::Tensor tensor);
Napi::Array slots_of(Napi::Env env, const std::vector<at::Tensor>& tensors);

// The readable part of a libtorch error, else what().
std::string readable(const std::exception& error);

// Every exported function runs inside guard: a C++ exception becomes a JavaScript error, never the end of the process.
template <class Function>
Napi::Value guard(const Napi::CallbackInfo& info, Function&& function) {
  try {
    return function();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), readable(error));
  }
}

}  // namespace nodule
