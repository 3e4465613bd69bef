// The plugin's entry point, and the registration of our operators for CUDA when the plugin is opened.
#include "cuda/plugin.h"

#include <c10/cuda/CUDAFunctions.h>
#include <torch/library.h>
#include <torch/version.h>

#include <cstdio>
#include <exception>

#include "cuda/graph.h"
#include "cuda/operators.h"

namespace nodule {

namespace {

void write(CudaError* error, const char* text) { std::snprintf(error->text, sizeof error->text, "%s", text); }

/// No exception may reach the addon, which is another binary.
template <class Work>
int guarded(CudaError* error, Work&& work) {
  try {
    work();
    return 0;
  } catch (const c10::Error& caught) {
    write(error, caught.what_without_backtrace());
  } catch (const std::exception& caught) {
    write(error, caught.what());
  } catch (...) {
    write(error, "unknown error (not a std::exception)");
  }
  return 1;
}

c10::DeviceIndex checked(int device) {
  const int count = c10::cuda::device_count_ensure_non_zero();
  TORCH_CHECK(device >= 0 && device < count, "device cuda:", device, " does not exist, CUDA finds ", count,
              " device(s)");
  return static_cast<c10::DeviceIndex>(device);
}

int graph_create(int device, StepGraph** graph, CudaError* error) {
  return guarded(error, [&] { *graph = new StepGraph(checked(device)); });
}

int graph_enter(StepGraph* graph, CudaError* error) {
  return guarded(error, [&] { graph->enter(); });
}

int graph_leave(StepGraph* graph, CudaError* error) {
  return guarded(error, [&] { graph->leave(); });
}

int graph_begin(StepGraph* graph, CudaError* error) {
  return guarded(error, [&] { graph->begin(); });
}

int graph_end(StepGraph* graph, CudaError* error) {
  return guarded(error, [&] { graph->end(); });
}

int graph_replay(StepGraph* graph, std::int64_t times, CudaError* error) {
  return guarded(error, [&] { graph->replay(times); });
}

int graph_destroy(StepGraph* graph, CudaError* error) {
  return guarded(error, [&] { delete graph; });
}

constexpr CudaPlugin kPlugin{kCudaPluginAbi, sizeof(CudaPlugin), TORCH_VERSION, graph_create, graph_enter,
                             graph_leave,    graph_begin,        graph_end,     graph_replay, graph_destroy};

}  // namespace

}  // namespace nodule

TORCH_LIBRARY_IMPL(nodule, CUDA, m) {
  m.impl("crop_augment", nodule::crop_augment_cuda);
  m.impl("philox4x32_10", nodule::philox_cuda);
}

extern "C" __attribute__((visibility("default"))) const nodule::CudaPlugin* nodule_cuda_plugin() {
  return &nodule::kPlugin;
}
