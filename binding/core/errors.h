// How a C++ exception becomes a JavaScript error.
#pragma once

#include <napi.h>

#include <exception>
#include <stdexcept>
#include <string>

namespace nodule {

// The allocator could not serve a request even after it gave back all that it keeps.
struct OutOfMemory : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The readable part of a libtorch error, else what().
std::string readable(const std::exception& error);

// With the code 'out-of-memory' where that is the reason; the message then says what each device holds.
Napi::Error to_js_error(Napi::Env env, const std::exception& error);

// Every exported function runs inside guard: a C++ exception becomes a JavaScript error, never the end of the process.
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
