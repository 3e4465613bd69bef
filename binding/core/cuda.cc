#include "core/cuda.h"

#include <ATen/Context.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "core/slots.h"
#include "cuda/plugin.h"

namespace nodule {

namespace {

// One per process, like the library it belongs to, which is never closed.
std::atomic<const CudaPlugin*> opened{nullptr};

const CudaPlugin& plugin() {
  const CudaPlugin* found = opened.load(std::memory_order_acquire);
  if (found == nullptr) throw std::runtime_error("the CUDA plugin is not open. `npx nodule-train doctor` shows why");
  return *found;
}

template <class Call>
void must(Call&& call) {
  CudaError error{};
  if (call(plugin(), &error) != 0) throw std::runtime_error(error.text);
}

std::string fault_of(const CudaPlugin& found) {
  const auto differs = [](const std::string& what, const std::string& seen, const std::string& expected) {
    return what + seen + ", expected " + expected;
  };
  if (found.abi != kCudaPluginAbi)
    return differs("its interface version is ", std::to_string(found.abi), std::to_string(kCudaPluginAbi));
  if (found.bytes != sizeof(CudaPlugin))
    return differs("the bytes of its function table are ", std::to_string(found.bytes),
                   std::to_string(sizeof(CudaPlugin)));
  if (std::string(found.libtorch) != TORCH_VERSION)
    return differs("it was built for libtorch ", found.libtorch, TORCH_VERSION);
  return {};
}

// openCudaPlugin(full path) -> null, or why it cannot be used.
Napi::Value open_plugin(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const std::string file = info[0].As<Napi::String>().Utf8Value();
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return Napi::String::New(info.Env(), dlerror());
    auto entry = reinterpret_cast<const CudaPlugin* (*)()>(dlsym(library, kCudaPluginEntry));
    if (entry == nullptr) return Napi::String::New(info.Env(), std::string("it does not export ") + kCudaPluginEntry);
    const std::string fault = fault_of(*entry());
    if (!fault.empty()) return Napi::String::New(info.Env(), fault);
    opened.store(entry(), std::memory_order_release);
    return info.Env().Null();
  });
}

int device_at(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }

Napi::Value allow_tf32(const Napi::CallbackInfo& info) {
  return guard(info, [&] {
    const bool on = info[0].As<Napi::Boolean>().Value();
    at::globalContext().setAllowTF32CuDNN(on);
    at::globalContext().setAllowTF32CuBLAS(on);
    return info.Env().Undefined();
  });
}

class CudaGraphObject : public Napi::ObjectWrap<CudaGraphObject> {
 public:
  static void define(Napi::Env env, Napi::Object exports) {
    exports.Set("CudaGraph", DefineClass(env, "CudaGraph",
                                         {InstanceMethod<&CudaGraphObject::run<&CudaPlugin::graph_enter>>("enter"),
                                          InstanceMethod<&CudaGraphObject::run<&CudaPlugin::graph_leave>>("leave"),
                                          InstanceMethod<&CudaGraphObject::run<&CudaPlugin::graph_begin>>("begin"),
                                          InstanceMethod<&CudaGraphObject::run<&CudaPlugin::graph_end>>("end"),
                                          InstanceMethod<&CudaGraphObject::replay>("replay"),
                                          InstanceMethod<&CudaGraphObject::dispose>("dispose")}));
  }

  // new CudaGraph(device index)
  explicit CudaGraphObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CudaGraphObject>(info) {
    guard(info, [&] {
      must([&](const CudaPlugin& p, CudaError* error) { return p.graph_create(device_at(info[0]), &graph_, error); });
      return info.Env().Undefined();
    });
  }

  ~CudaGraphObject() override {
    CudaError ignored{};
    if (graph_ != nullptr) plugin().graph_destroy(graph_, &ignored);
  }

 private:
  StepGraph* graph() {
    if (graph_ == nullptr) throw std::invalid_argument("the graph was disposed");
    return graph_;
  }

  template <int (*CudaPlugin::*Action)(StepGraph*, CudaError*)>
  Napi::Value run(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      must([&](const CudaPlugin& p, CudaError* error) { return (p.*Action)(graph(), error); });
      return info.Env().Undefined();
    });
  }

  Napi::Value replay(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      const std::int64_t times = info[0].As<Napi::Number>().Int64Value();
      must([&](const CudaPlugin& p, CudaError* error) { return p.graph_replay(graph(), times, error); });
      return info.Env().Undefined();
    });
  }

  Napi::Value dispose(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      StepGraph* gone = graph_;
      graph_ = nullptr;
      if (gone != nullptr) must([&](const CudaPlugin& p, CudaError* error) { return p.graph_destroy(gone, error); });
      return info.Env().Undefined();
    });
  }

  StepGraph* graph_ = nullptr;
};

}  // namespace

bool cuda_plugin_is_open() { return opened.load(std::memory_order_acquire) != nullptr; }

void init_cuda(Napi::Env env, Napi::Object exports) {
  exports.Set("openCudaPlugin", Napi::Function::New(env, open_plugin, "openCudaPlugin"));
  exports.Set("setAllowTf32", Napi::Function::New(env, allow_tf32, "setAllowTf32"));
  CudaGraphObject::define(env, exports);
}

}  // namespace nodule
