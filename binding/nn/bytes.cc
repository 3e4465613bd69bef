// Raw tensor bytes for file readers and writers: little-endian, row-major.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cstring>
#include <stdexcept>

#include "core/buffers.h"
#include "core/names.h"
#include "core/slots.h"
#include "nn/init.h"

namespace nodule {

namespace {

std::vector<std::int64_t> sizes_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::int64_t> sizes;
  for (std::uint32_t i = 0; i < array.Length(); ++i) sizes.push_back(array.Get(i).As<Napi::Number>().Int64Value());
  return sizes;
}

// tensorFromBytes(bytes, dtype, shape) -> slot of a new tensor. The caller has checked the number of bytes; it is
// checked again here, because a mismatch would read past the end.
Napi::Value tensor_from_bytes(const Napi::CallbackInfo& info) {
  return guard(info, [&] {
    const auto bytes = info[0].As<Napi::Uint8Array>();
    const auto dtype = dtype_of_name(info[1].As<Napi::String>().Utf8Value());
    at::Tensor tensor = at::empty(sizes_of(info[2]), at::TensorOptions().dtype(dtype));
    if (tensor.nbytes() != bytes.ByteLength()) {
      throw std::invalid_argument("making a tensor from bytes: found " + std::to_string(bytes.ByteLength()) +
                                  " bytes, expected " + std::to_string(tensor.nbytes()) + " for this shape and dtype");
    }
    if (tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), bytes.Data(), tensor.nbytes());
    // A bool byte other than 0 or 1 is undefined behaviour in every kernel.
    if (dtype == at::kBool) tensor = tensor.view(at::kByte).ne(0);
    return slot_of(info.Env(), std::move(tensor));
  });
}

// tensorToBytes(slot) -> Uint8Array, a copy.
Napi::Value tensor_to_bytes(const Napi::CallbackInfo& info) {
  return guard(info, [&] {
    Napi::ArrayBuffer buffer = copied_buffer(info.Env(), tensor_at(info[0]).detach());
    return Napi::Uint8Array::New(info.Env(), buffer.ByteLength(), buffer, 0);
  });
}

// viewOfStorage(slot of a flat storage, sizes, strides, offset) -> slot of a view. libtorch refuses views beyond it.
Napi::Value view_of_storage(const Napi::CallbackInfo& info) {
  return guard(info, [&] {
    return slot_of(info.Env(), tensor_at(info[0]).as_strided(sizes_of(info[1]), sizes_of(info[2]),
                                                             info[3].As<Napi::Number>().Int64Value()));
  });
}

// convertInPlace(slot, dtype or null, device or null). Replaces the data of the same tensor object, so a module, an
// optimizer or JavaScript that refers to it keeps its reference. Integer tensors (counters) keep their dtype.
Napi::Value convert_in_place(const Napi::CallbackInfo& info) {
  return guard(info, [&] {
    const c10::NoGradGuard no_grad;
    at::Tensor tensor = tensor_at(info[0]);
    at::TensorOptions wanted = tensor.options().requires_grad(false);
    if (info[1].IsString() && tensor.is_floating_point()) {
      wanted = wanted.dtype(dtype_of_name(info[1].As<Napi::String>().Utf8Value()));
    }
    if (info[2].IsString()) wanted = wanted.device(device_of_name(info[2].As<Napi::String>().Utf8Value()));
    const at::Tensor gradient = tensor.grad();
    tensor.mutable_grad().reset();
    tensor.set_data(tensor.to(wanted));
    if (gradient.defined()) tensor.mutable_grad() = gradient.to(wanted);
    return info.Env().Undefined();
  });
}

}  // namespace

void init_bytes(Napi::Env env, Napi::Object exports) {
  exports.Set("tensorFromBytes", Napi::Function::New(env, tensor_from_bytes));
  exports.Set("tensorToBytes", Napi::Function::New(env, tensor_to_bytes));
  exports.Set("convertInPlace", Napi::Function::New(env, convert_in_place));
  exports.Set("viewOfStorage", Napi::Function::New(env, view_of_storage));
}

}  // namespace nodule
