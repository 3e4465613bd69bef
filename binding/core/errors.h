// How a C++ exception becomes a JavaScript error.
#pragma once

#include <napi.h>

#include <exception>
#include <stdexcept>
#include <string>

namespace nodule {

// The allocator could not serve a request even after it freed all the blocks it keeps for reuse.
struct OutOfMemory : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The message of a libtorch error without its backtrace; what() of any other exception.
std::string readable(const std::exception& error);

// Running out of memory gives the code 'out-of-memory' and a message that includes the memory use of each device.
Napi::Error to_js_error(Napi::Env env, const std::exception& error);

// Every exported function runs inside guard: a C++ exception becomes a JavaScript error and never ends the process.
template <class Function>
Napi::Value guard(const Napi::CallbackInfo& info, Function&& function) {
  try {
    return function();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw to_js_error(info.Env(), error);
  }
}

}  // namespace nodule
