#include "core/autograd.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <sstream>
#include <stdexcept>

#include "core/names.h"
#include "core/slots.h"

namespace nodule {

namespace {

Napi::Value requires_grad(const Napi::CallbackInfo& info) {
  return guard(info,
               [&]() -> Napi::Value { return Napi::Boolean::New(info.Env(), tensor_at(info[0]).requires_grad()); });
}

Napi::Value set_requires_grad(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensor_at(info[0]);
    const bool required = info[1].ToBoolean().Value();
    if (!required && !tensor.is_leaf()) {
      throw std::invalid_argument(
          "setting requiresGrad: found false for the result of an operator, which has a graph; expected a leaf. Use "
          "detach()");
    }
    tensor.set_requires_grad(required);
    return info.Env().Undefined();
  });
}

Napi::Value is_leaf(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value { return Napi::Boolean::New(info.Env(), tensor_at(info[0]).is_leaf()); });
}

// grad(slot, known slot of its gradient) -> slot of the gradient, or null. The known slot is returned if it still holds
// the same tensor, so that `tensor.grad` is one object as long as the gradient is one tensor.
Napi::Value grad(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor gradient = tensor_at(info[0]).grad();
    if (!gradient.defined()) return info.Env().Null();
    if (info[1].IsNumber()) {
      const double known = info[1].As<Napi::Number>().DoubleValue();
      SlotTable& table = slots(info.Env());
      if (table.alive(known) && table.at(known).is_same(gradient)) return info[1];
    }
    return slot_of(info.Env(), gradient);
  });
}

// As Python does: what uses a gradient relies on it, down to fused kernels that read as many values as the tensor has.
void check_gradient(const at::Tensor& tensor, const at::Tensor& gradient) {
  std::ostringstream found;
  if (gradient.is_same(tensor)) {
    found << "found the tensor itself";
  } else if (gradient.scalar_type() != tensor.scalar_type()) {
    found << "found dtype " << name_of_dtype(gradient.scalar_type()) << ", expected "
          << name_of_dtype(tensor.scalar_type());
  } else if (gradient.device() != tensor.device()) {
    found << "found device " << gradient.device() << ", expected " << tensor.device();
  } else if (!gradient.sizes().equals(tensor.sizes())) {
    found << "found shape " << gradient.sizes() << ", expected " << tensor.sizes();
  } else {
    return;
  }
  throw std::invalid_argument("setting grad: " + found.str());
}

Napi::Value set_grad(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensor_at(info[0]);
    at::Tensor gradient = optional_tensor_at(info[1]);
    if (gradient.defined()) check_gradient(tensor, gradient);
    tensor.mutable_grad() = std::move(gradient);
    return info.Env().Undefined();
  });
}

// As Python does: the engine would sum a gradient that can be broadcast, or convert its dtype.
void check_output_gradient(const std::string& what, const at::Tensor& output, const at::Tensor& gradient) {
  if (!gradient.defined() || gradient.sizes().equals(output.sizes())) return;
  std::ostringstream found;
  found << what << ": found shape " << gradient.sizes() << ", expected " << output.sizes()
        << ", the shape of its output";
  throw std::invalid_argument(found.str());
}

Napi::Value backward(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensor_at(info[0]);
    const at::Tensor gradient = optional_tensor_at(info[1]);
    check_output_gradient("gradient", tensor, gradient);
    torch::autograd::variable_list inputs;
    if (info[4].IsArray()) inputs = tensors_at(info[4]);
    torch::autograd::backward({tensor}, {gradient}, info[2].ToBoolean().Value(), info[3].ToBoolean().Value(), inputs);
    return info.Env().Undefined();
  });
}

Napi::Value gradients(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const std::vector<at::Tensor> outputs = tensors_at(info[0]);
    std::vector<at::Tensor> given;
    if (info[2].IsArray()) {
      const auto list = info[2].As<Napi::Array>();
      for (std::uint32_t i = 0; i < list.Length(); ++i) {
        given.push_back(optional_tensor_at(list.Get(i)));
        check_output_gradient("gradOutputs " + std::to_string(i), outputs.at(i), given.back());
      }
    }
    const auto found = torch::autograd::grad(outputs, tensors_at(info[1]), given, info[3].ToBoolean().Value(),
                                             info[4].ToBoolean().Value(), /*allow_unused=*/true);
    const bool allow_unused = info[5].ToBoolean().Value();
    auto array = Napi::Array::New(info.Env(), found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto place = static_cast<std::uint32_t>(i);
      if (!found[i].defined() && !allow_unused) {
        throw std::invalid_argument("no output depends on input " + std::to_string(i) +
                                    ". Set allowUnused to get null for it");
      }
      if (found[i].defined()) {
        array.Set(place, slot_of(info.Env(), found[i]));
      } else {
        array.Set(place, info.Env().Null());
      }
    }
    return array;
  });
}

Napi::Value set_grad_enabled(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(info[0].As<Napi::Boolean>().Value());
    return Napi::Boolean::New(info.Env(), before);
  });
}

Napi::Value is_grad_enabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), at::GradMode::is_enabled());
}

Napi::Value is_inference_mode_enabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), c10::InferenceMode::is_enabled());
}

// inInferenceMode(enabled, function) -> the function's result.
Napi::Value in_inference_mode(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const c10::InferenceMode mode(info[0].ToBoolean().Value());
    return info[1].As<Napi::Function>().Call({});
  });
}

// enterAutocast(device type, dtype, enabled) -> the previous state, which leaveAutocast restores.
Napi::Value enter_autocast(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const auto type = device_of_name(info[0].As<Napi::String>().Utf8Value()).type();
    const auto dtype = dtype_of_name(info[1].As<Napi::String>().Utf8Value());
    if (dtype != at::kBFloat16 && dtype != at::kHalf) {
      throw std::invalid_argument(std::string("autocast: found dtype ") + name_of_dtype(dtype) +
                                  ", expected bfloat16 or float16");
    }
    auto state = Napi::Array::New(info.Env(), 2);
    state.Set(0u, Napi::Boolean::New(info.Env(), at::autocast::is_autocast_enabled(type)));
    state.Set(1u, Napi::String::New(info.Env(), name_of_dtype(at::autocast::get_autocast_dtype(type))));
    at::autocast::set_autocast_enabled(type, info[2].ToBoolean().Value());
    at::autocast::set_autocast_dtype(type, dtype);
    at::autocast::increment_nesting();
    return state;
  });
}

Napi::Value leave_autocast(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const auto type = device_of_name(info[0].As<Napi::String>().Utf8Value()).type();
    const auto state = info[1].As<Napi::Array>();
    // Cached casts of the weights must not outlive the step that updates them.
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(type, state.Get(0u).As<Napi::Boolean>().Value());
    at::autocast::set_autocast_dtype(type, dtype_of_name(state.Get(1u).As<Napi::String>().Utf8Value()));
    return info.Env().Undefined();
  });
}

}  // namespace

void init_autograd(Napi::Env env, Napi::Object exports) {
  exports.Set("requiresGrad", Napi::Function::New(env, requires_grad, "requiresGrad"));
  exports.Set("setRequiresGrad", Napi::Function::New(env, set_requires_grad, "setRequiresGrad"));
  exports.Set("isLeaf", Napi::Function::New(env, is_leaf, "isLeaf"));
  exports.Set("grad", Napi::Function::New(env, grad, "grad"));
  exports.Set("setGrad", Napi::Function::New(env, set_grad, "setGrad"));
  exports.Set("backward", Napi::Function::New(env, backward, "backward"));
  exports.Set("gradients", Napi::Function::New(env, gradients, "gradients"));
  exports.Set("setGradEnabled", Napi::Function::New(env, set_grad_enabled, "setGradEnabled"));
  exports.Set("isGradEnabled", Napi::Function::New(env, is_grad_enabled, "isGradEnabled"));
  exports.Set("isInferenceModeEnabled", Napi::Function::New(env, is_inference_mode_enabled, "isInferenceModeEnabled"));
  exports.Set("inInferenceMode", Napi::Function::New(env, in_inference_mode, "inInferenceMode"));
  exports.Set("enterAutocast", Napi::Function::New(env, enter_autocast, "enterAutocast"));
  exports.Set("leaveAutocast", Napi::Function::New(env, leave_autocast, "leaveAutocast"));
}

}  // namespace nodule
