#include <napi.h>

#include "checks/install.h"
#include "core/allocator.h"
#include "core/autograd.h"
#include "core/buffers.h"
#include "core/cuda.h"
#include "core/devices.h"
#include "core/environment.h"
#include "core/modes.h"
#include "core/operators.h"
#include "core/queue.h"
#include "core/runtime.h"
#include "core/share.h"
#include "core/tensors.h"
#include "nn/init.h"
#include "nodule/library.h"

namespace nodule {

Environment& environment(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  use_cpu_allocator(*static_cast<const CpuAllocator*>(register_operators(&own_cpu_allocator())));
  check_in_this_thread();
  env.SetInstanceData(new Environment());
  init_operators(env, exports);
  init_tensors(env, exports);
  init_buffers(env, exports);
  init_autograd(env, exports);
  init_modes(env, exports);
  init_runtime(env, exports);
  init_cuda(env, exports);
  init_devices(env, exports);
  init_queue(env, exports);
  init_share(env, exports);
  init_nn(env, exports);
  return exports;
}

}  // namespace

}  // namespace nodule

Napi::Object InitAddon(Napi::Env env, Napi::Object exports) {
  try {
    return nodule::init(env, exports);
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, nodule::readable(error));
  }
}

NODE_API_MODULE(torch_addon, InitAddon)
