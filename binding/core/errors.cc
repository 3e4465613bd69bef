#include "core/errors.h"

#include <c10/util/Exception.h>

#include <new>

#include "core/devices.h"

namespace nodule {

std::string readable(const std::exception& error) {
  if (const auto* torch_error = dynamic_cast<const c10::Error*>(&error)) return torch_error->what_without_backtrace();
  return error.what();
}

Napi::Error to_js_error(Napi::Env env, const std::exception& error) {
  const bool out_of_memory = dynamic_cast<const OutOfMemory*>(&error) != nullptr ||
                             dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                             dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  if (!out_of_memory) return Napi::Error::New(env, readable(error));
  auto made = Napi::Error::New(env, readable(error) + "; " + memory_report());
  made.Set("code", Napi::String::New(env, "out-of-memory"));
  return made;
}

}  // namespace nodule
