// A tiny addon that does not depend on libtorch: it opens libraries by their full path and reports why one could not be
// opened. It also exports the native file functions that work without libtorch (binding/io).
#include <dlfcn.h>
#include <napi.h>

#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "io/inflate.h"
#include "io/map_file.h"

namespace {

std::string last_error() {
  const char* text = dlerror();
  return text ? text : "the dynamic linker gave no reason";
}

// libgomp threads that wait for each other spin for a millisecond before they sleep. If another process needs the
// cores, the spinning slows down both: a run took 5.6 times as long. Sleeping sooner costs nothing on an idle machine.
// libgomp reads the variable when it is loaded; a value that is already set is kept.
void sleep_soon() {
#if defined(__linux__)
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", "1000", /*overwrite=*/0);
#endif
}

// RTLD_LOCAL: RTLD_GLOBAL would export MKL, BLAS and protobuf to every other addon of the process. The addon that is
// opened later finds these libraries by SONAME.
Napi::Value open_library(const Napi::CallbackInfo& info) {
  if (info.Length() != 1 || !info[0].IsString())
    throw Napi::TypeError::New(info.Env(), "open(file): expected one argument, a full path");
  std::string file = info[0].As<Napi::String>().Utf8Value();
  static std::once_flag once;
  std::call_once(once, sleep_soon);
  // Handles are never closed: libtorch's threads and static state outlive every environment.
  if (dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) return info.Env().Null();
  return Napi::String::New(info.Env(), last_error());
}

struct Gpu {
  std::string name;
  double bytes = 0;
};

struct CudaDriver {
  int version = 0;
  int devices = 0;
  std::vector<Gpu> gpus;
  std::string error;
};

template <class F>
F symbol(void* library, const char* name) {
  return reinterpret_cast<F>(dlsym(library, name));
}

std::string cuda_error(void* library, const char* call, int code) {
  auto name_of = symbol<int (*)(int, const char**)>(library, "cuGetErrorName");
  const char* name = nullptr;
  if (name_of) name_of(code, &name);
  return std::string("the NVIDIA driver is installed, but ") + call + " returned " +
         (name ? name : std::to_string(code));
}

// Name and memory of each device that the driver describes.
std::vector<Gpu> list_gpus(void* library, int devices) {
  auto get = symbol<int (*)(int*, int)>(library, "cuDeviceGet");
  auto name_of = symbol<int (*)(char*, int, int)>(library, "cuDeviceGetName");
  auto memory_of = symbol<int (*)(size_t*, int)>(library, "cuDeviceTotalMem_v2");
  std::vector<Gpu> gpus;
  for (int i = 0; i < devices && get && name_of && memory_of; ++i) {
    int device = 0;
    char name[256] = "";
    size_t bytes = 0;
    if (get(&device, i) == 0 && name_of(name, sizeof name, device) == 0 && memory_of(&bytes, device) == 0)
      gpus.push_back({name, static_cast<double>(bytes)});
  }
  return gpus;
}

// Queries the driver API without CUDA's headers: the signatures of these calls have not changed since CUDA 3.2.
CudaDriver ask_driver() {
  CudaDriver found;
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    found.error = "no NVIDIA driver: " + last_error();
    return found;
  }
  auto init = symbol<int (*)(unsigned)>(library, "cuInit");
  auto version = symbol<int (*)(int*)>(library, "cuDriverGetVersion");
  auto count = symbol<int (*)(int*)>(library, "cuDeviceGetCount");
  if (!init || !version || !count) {
    found.error = "libcuda.so.1 lacks cuInit, cuDriverGetVersion or cuDeviceGetCount";
    return found;
  }
  version(&found.version);
  if (int code = init(0)) {
    found.error = cuda_error(library, "cuInit", code);
    return found;
  }
  if (int code = count(&found.devices))
    found.error = cuda_error(library, "cuDeviceGetCount", code);
  else
    found.gpus = list_gpus(library, found.devices);
  return found;
}

Napi::Value probe_cuda(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  CudaDriver found = ask_driver();
  Napi::Object result = Napi::Object::New(env);
  result["driver"] = found.version;
  result["devices"] = found.devices;
  Napi::Array gpus = Napi::Array::New(env);
  for (const Gpu& gpu : found.gpus) {
    Napi::Object each = Napi::Object::New(env);
    each["name"] = gpu.name;
    each["bytes"] = gpu.bytes;
    gpus[gpus.Length()] = each;
  }
  result["gpus"] = gpus;
  result["error"] = found.error.empty() ? env.Null() : Napi::String::New(env, found.error);
  return result;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports["open"] = Napi::Function::New(env, open_library, "open");
  exports["mapFile"] = Napi::Function::New(env, io::map_file, "mapFile");
  exports["probeCuda"] = Napi::Function::New(env, probe_cuda, "probeCuda");
  io::export_io(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(nodule_train, init)
