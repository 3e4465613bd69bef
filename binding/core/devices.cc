#include "core/devices.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <cstdio>
#include <stdexcept>

#include "core/allocator.h"
#include "core/cuda.h"
#include "core/errors.h"
#include "core/names.h"

namespace nodule {

namespace {

constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);

int cuda_devices() { return cuda_plugin_is_open() && at::hasCUDA() ? static_cast<int>(at::getNumGPUs()) : 0; }

// The device-independent allocator interface, which the CUDA libraries implement, so no CUDA header is needed here.
// Null before its first use, so that a query does not create a CUDA context.
c10::DeviceAllocator* cuda_allocator() {
  if (cuda_devices() == 0) return nullptr;
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(c10::DeviceType::CUDA));
  return allocator != nullptr && allocator->initialized() ? allocator : nullptr;
}

std::string in_units(std::int64_t bytes) {
  const char* const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

c10::DeviceIndex cuda_index(const Napi::Value& name) {
  const c10::Device device = device_of_name(name.As<Napi::String>().Utf8Value());
  const int index = device.has_index() ? device.index() : 0;
  if (!device.is_cuda())
    throw std::invalid_argument("found device '" + device.str() + "', expected 'cuda' or 'cuda:N'");
  if (index >= cuda_devices()) {
    throw std::invalid_argument("device cuda:" + std::to_string(index) + " does not exist, libtorch finds " +
                                std::to_string(cuda_devices()) + " CUDA device(s)");
  }
  return static_cast<c10::DeviceIndex>(index);
}

// cudaMemory(device) -> {allocated, reserved, peak, free, total} in bytes; the last two are null before CUDA is used.
Napi::Value cuda_memory(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const c10::DeviceIndex index = cuda_index(info[0]);
    auto result = Napi::Object::New(info.Env());
    c10::DeviceAllocator* allocator = cuda_allocator();
    c10::CachingDeviceAllocator::DeviceStats stats;
    if (allocator) stats = allocator->getDeviceStats(index);
    result.Set("allocated", static_cast<double>(stats.allocated_bytes[kAll].current));
    result.Set("reserved", static_cast<double>(stats.reserved_bytes[kAll].current));
    result.Set("peak", static_cast<double>(stats.allocated_bytes[kAll].peak));
    if (allocator) {
      const auto [free, total] = allocator->getMemoryInfo(index);
      result.Set("free", static_cast<double>(free));
      result.Set("total", static_cast<double>(total));
    } else {
      result.Set("free", info.Env().Null());
      result.Set("total", info.Env().Null());
    }
    return result;
  });
}

Napi::Value cuda_reset_peak(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const c10::DeviceIndex index = cuda_index(info[0]);
    if (c10::DeviceAllocator* allocator = cuda_allocator()) allocator->resetPeakStats(index);
    return info.Env().Undefined();
  });
}

Napi::Value cuda_synchronize(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const c10::DeviceIndex index = cuda_index(info[0]);
    if (cuda_allocator()) c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)->synchronizeDevice(index);
    return info.Env().Undefined();
  });
}

}  // namespace

std::int64_t cuda_bytes_alive() {
  c10::DeviceAllocator* allocator = cuda_allocator();
  if (!allocator) return 0;
  std::int64_t bytes = 0;
  for (int i = 0; i < cuda_devices(); ++i) {
    bytes += allocator->getDeviceStats(static_cast<c10::DeviceIndex>(i)).allocated_bytes[kAll].current;
  }
  return bytes;
}

void empty_cuda_cache() {
  if (c10::DeviceAllocator* allocator = cuda_allocator()) allocator->emptyCache();
}

std::string memory_report() {
  std::string text = "live tensors hold " + in_units(cpu_bytes_alive()) + " on cpu";
  if (cpu_bytes_kept() > 0) text += " (and " + in_units(cpu_bytes_kept()) + " kept for reuse)";
  if (c10::DeviceAllocator* allocator = cuda_allocator()) {
    for (int i = 0; i < cuda_devices(); ++i) {
      const auto index = static_cast<c10::DeviceIndex>(i);
      const auto stats = allocator->getDeviceStats(index);
      const auto [free, total] = allocator->getMemoryInfo(index);
      text += ", " + in_units(stats.allocated_bytes[kAll].current) + " on cuda:" + std::to_string(i) + " (" +
              in_units(stats.reserved_bytes[kAll].current) + " reserved, " + in_units(static_cast<std::int64_t>(free)) +
              " of " + in_units(static_cast<std::int64_t>(total)) + " free)";
    }
  }
  return text;
}

void init_devices(Napi::Env env, Napi::Object exports) {
  exports.Set("cudaMemory", Napi::Function::New(env, cuda_memory, "cudaMemory"));
  exports.Set("cudaResetPeak", Napi::Function::New(env, cuda_reset_peak, "cudaResetPeak"));
  exports.Set("cudaSynchronize", Napi::Function::New(env, cuda_synchronize, "cudaSynchronize"));
}

}  // namespace nodule
