#include "core/runtime.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "core/allocator.h"
#include "core/cuda.h"
#include "core/devices.h"
#include "core/environment.h"

namespace nodule {

namespace {

Napi::Value memory(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    auto result = Napi::Object::New(info.Env());
    result.Set("handles", static_cast<double>(slots(info.Env()).count()));
    result.Set("cpu", static_cast<double>(cpu_bytes_alive()));
    result.Set("cpuKept", static_cast<double>(cpu_bytes_kept()));
    result.Set("cuda", static_cast<double>(cuda_bytes_alive()));
    result.Set("shared", static_cast<double>(shared_of(&environment(info.Env()))));
    return result;
  });
}

Napi::Value empty_cache(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    empty_cpu_cache();
    empty_cuda_cache();
    return info.Env().Undefined();
  });
}

Napi::Value set_cache_limit(const Napi::CallbackInfo& info) {
  limit_cpu_cache(static_cast<std::size_t>(info[0].As<Napi::Number>().DoubleValue()));
  return info.Env().Undefined();
}

Napi::Value guard_allocations(const Napi::CallbackInfo& info) {
  guard_cpu_allocations(info[0].ToBoolean().Value());
  return info.Env().Undefined();
}

Napi::Value manual_seed(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    at::manual_seed(static_cast<std::uint64_t>(info[0].As<Napi::Number>().Int64Value()));
    return info.Env().Undefined();
  });
}

Napi::Value set_num_threads(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    at::set_num_threads(info[0].As<Napi::Number>().Int32Value());
    return info.Env().Undefined();
  });
}

Napi::Value get_num_threads(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value { return Napi::Number::New(info.Env(), at::get_num_threads()); });
}

Napi::Value cuda_is_available(const Napi::CallbackInfo& info) {
  return guard(info,
               [&]() -> Napi::Value { return Napi::Boolean::New(info.Env(), cuda_plugin_is_open() && at::hasCUDA()); });
}

Napi::Value cuda_device_count(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const double count = cuda_plugin_is_open() && at::hasCUDA() ? static_cast<double>(at::getNumGPUs()) : 0;
    return Napi::Number::New(info.Env(), count);
  });
}

Napi::Value set_deterministic(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    at::globalContext().setDeterministicCuDNN(info[0].As<Napi::Boolean>().Value());
    return info.Env().Undefined();
  });
}

Napi::Value cpu_capability(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value { return Napi::String::New(info.Env(), at::get_cpu_capability()); });
}

}  // namespace

void init_runtime(Napi::Env env, Napi::Object exports) {
  exports.Set("libtorchVersion", Napi::String::New(env, TORCH_VERSION));
  exports.Set("memory", Napi::Function::New(env, memory, "memory"));
  exports.Set("setCacheLimit", Napi::Function::New(env, set_cache_limit, "setCacheLimit"));
  exports.Set("emptyCache", Napi::Function::New(env, empty_cache, "emptyCache"));
  exports.Set("guardAllocations", Napi::Function::New(env, guard_allocations, "guardAllocations"));
  exports.Set("manualSeed", Napi::Function::New(env, manual_seed, "manualSeed"));
  exports.Set("setNumThreads", Napi::Function::New(env, set_num_threads, "setNumThreads"));
  exports.Set("getNumThreads", Napi::Function::New(env, get_num_threads, "getNumThreads"));
  exports.Set("cudaIsAvailable", Napi::Function::New(env, cuda_is_available, "cudaIsAvailable"));
  exports.Set("cudaDeviceCount", Napi::Function::New(env, cuda_device_count, "cudaDeviceCount"));
  exports.Set("setDeterministic", Napi::Function::New(env, set_deterministic, "setDeterministic"));
  exports.Set("cpuCapability", Napi::Function::New(env, cpu_capability, "cpuCapability"));
}

}  // namespace nodule
