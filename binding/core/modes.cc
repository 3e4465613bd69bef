#include "core/modes.h"

#include <ATen/ThreadLocalState.h>

#include "core/slots.h"

namespace nodule {

namespace {

using Modes = Napi::External<at::ThreadLocalState>;

// captureModes() -> the modes of this thread at this moment.
Napi::Value capture_modes(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    return Modes::New(info.Env(), new at::ThreadLocalState(),
                      [](Napi::Env, at::ThreadLocalState* modes) { delete modes; });
  });
}

// callWithModes(modes, function) -> the function's result, called under these modes.
Napi::Value call_with_modes(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const at::ThreadLocalStateGuard state(*info[0].As<Modes>().Data());
    return info[1].As<Napi::Function>().Call({});
  });
}

}  // namespace

void init_modes(Napi::Env env, Napi::Object exports) {
  exports.Set("captureModes", Napi::Function::New(env, capture_modes, "captureModes"));
  exports.Set("callWithModes", Napi::Function::New(env, call_with_modes, "callWithModes"));
}

}  // namespace nodule
