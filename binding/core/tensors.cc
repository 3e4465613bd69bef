#include "core/tensors.h"

#include <ATen/ATen.h>

#include <cmath>
#include <cstring>
#include <stdexcept>

#include "core/in_memory.h"
#include "core/names.h"
#include "core/slots.h"

namespace nodule {

namespace {

std::vector<std::int64_t> shape_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::int64_t> shape(array.Length());
  for (std::uint32_t i = 0; i < array.Length(); ++i) shape[i] = array.Get(i).As<Napi::Number>().Int64Value();
  return shape;
}

Napi::Value shape(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensor_at(info[0]);
    auto array = Napi::Array::New(info.Env(), static_cast<std::size_t>(tensor.dim()));
    for (std::int64_t i = 0; i < tensor.dim(); ++i) {
      array.Set(static_cast<std::uint32_t>(i), static_cast<double>(tensor.size(i)));
    }
    return array;
  });
}

Napi::Value strides(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensor_at(info[0]);
    auto array = Napi::Array::New(info.Env(), static_cast<std::size_t>(tensor.dim()));
    for (std::int64_t i = 0; i < tensor.dim(); ++i) {
      array.Set(static_cast<std::uint32_t>(i), static_cast<double>(tensor.stride(i)));
    }
    return array;
  });
}

Napi::Value dtype(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    return Napi::String::New(info.Env(), name_of_dtype(tensor_at(info[0]).scalar_type()));
  });
}

Napi::Value device(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value { return Napi::String::New(info.Env(), tensor_at(info[0]).device().str()); });
}

Napi::Value is_contiguous(const Napi::CallbackInfo& info) {
  return guard(info,
               [&]() -> Napi::Value { return Napi::Boolean::New(info.Env(), tensor_at(info[0]).is_contiguous()); });
}

Napi::Value is_strided(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    return Napi::Boolean::New(info.Env(), tensor_at(info[0]).layout() == at::kStrided);
  });
}

// fromData(typed array, dtype, shape) -> slot. Copies the data, since an ArrayBuffer may be detached or shared.
Napi::Value from_data(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const auto view = info[0].As<Napi::TypedArray>();
    const auto* bytes = static_cast<const char*>(view.ArrayBuffer().Data()) + view.ByteOffset();
    const at::ScalarType type = dtype_of_name(info[1].As<Napi::String>().Utf8Value());
    at::Tensor tensor = at::empty(shape_of(info[2]), at::TensorOptions().dtype(type));
    if (static_cast<std::size_t>(tensor.nbytes()) != view.ByteLength()) {
      throw std::invalid_argument("the data has " + std::to_string(view.ByteLength()) + " bytes, expected " +
                                  std::to_string(tensor.nbytes()) + " for this shape and dtype");
    }
    if (tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), bytes, tensor.nbytes());
    // A bool byte other than 0 or 1 is undefined behaviour in every kernel.
    if (type == at::kBool) tensor = tensor.view(at::kByte).ne(0);
    return slot_of(info.Env(), std::move(tensor));
  });
}

// The only element, read without the dispatcher where it simply lies in memory: a fifth of the time.
at::Scalar only_element(const at::Tensor& tensor) {
  if (tensor.numel() != 1) {
    std::string shape;
    for (const std::int64_t size : tensor.sizes()) shape += (shape.empty() ? "" : ",") + std::to_string(size);
    throw std::invalid_argument("item(): the tensor has shape [" + shape + "], expected one element");
  }
  const bool is_plain = tensor.is_cpu() && tensor.layout() == at::kStrided && !tensor.is_conj() && !tensor.is_neg() &&
                        !tensor._is_zerotensor() && !tensor.is_quantized();
  if (!is_plain) return tensor.item();
  require_in_storage(tensor);
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return *tensor.const_data_ptr<float>();
    case at::kDouble:
      return *tensor.const_data_ptr<double>();
    case at::kLong:
      return *tensor.const_data_ptr<std::int64_t>();
    case at::kInt:
      return *tensor.const_data_ptr<std::int32_t>();
    case at::kByte:
      return static_cast<std::int64_t>(*tensor.const_data_ptr<std::uint8_t>());
    default:
      return tensor.item();
  }
}

Napi::Value item(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Scalar scalar = only_element(tensor_at(info[0]));
    if (scalar.isBoolean()) return Napi::Boolean::New(info.Env(), scalar.toBool());
    if (scalar.isIntegral(false)) {
      const std::int64_t integer = scalar.toLong();
      if (integer > 9007199254740991LL || integer < -9007199254740991LL) {
        throw std::range_error("item(): " + std::to_string(integer) +
                               " is beyond 2^53 and cannot be a number; data() gives a BigInt64Array");
      }
      return Napi::Number::New(info.Env(), static_cast<double>(integer));
    }
    return Napi::Number::New(info.Env(), scalar.toDouble());
  });
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const bool released = slots(info.Env()).release(info[0].As<Napi::Number>().DoubleValue());
    tell_collector(info.Env());
    return Napi::Boolean::New(info.Env(), released);
  });
}

// One call at the end of a scope, for all tensors created in it.
Napi::Value dispose_all(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const auto array = info[0].As<Napi::Array>();
    SlotTable& table = slots(info.Env());
    for (std::uint32_t i = 0; i < array.Length(); ++i) table.release(array.Get(i).As<Napi::Number>().DoubleValue());
    tell_collector(info.Env());
    return info.Env().Undefined();
  });
}

// Counts the tensor as memory that only the garbage collector frees, because it belongs to no scope.
Napi::Value watch(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    slots(info.Env()).watch(info[0].As<Napi::Number>().DoubleValue());
    tell_collector(info.Env());
    return info.Env().Undefined();
  });
}

Napi::Value is_alive(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    return Napi::Boolean::New(info.Env(), slots(info.Env()).alive(info[0].As<Napi::Number>().DoubleValue()));
  });
}

}  // namespace

void init_tensors(Napi::Env env, Napi::Object exports) {
  exports.Set("shape", Napi::Function::New(env, shape, "shape"));
  exports.Set("strides", Napi::Function::New(env, strides, "strides"));
  exports.Set("dtype", Napi::Function::New(env, dtype, "dtype"));
  exports.Set("device", Napi::Function::New(env, device, "device"));
  exports.Set("isContiguous", Napi::Function::New(env, is_contiguous, "isContiguous"));
  exports.Set("isStrided", Napi::Function::New(env, is_strided, "isStrided"));
  exports.Set("fromData", Napi::Function::New(env, from_data, "fromData"));
  exports.Set("item", Napi::Function::New(env, item, "item"));
  exports.Set("dispose", Napi::Function::New(env, dispose, "dispose"));
  exports.Set("disposeAll", Napi::Function::New(env, dispose_all, "disposeAll"));
  exports.Set("watch", Napi::Function::New(env, watch, "watch"));
  exports.Set("isAlive", Napi::Function::New(env, is_alive, "isAlive"));
}

}  // namespace nodule
