// The interface between the addon, which does not link CUDA, and the CUDA plugin, which is opened only after
// libtorch_cuda: one entry point that returns a table of functions. No exception crosses it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nodule {

/// Incremented whenever anything below changes.
constexpr std::uint32_t kCudaPluginAbi = 1;

constexpr const char* kCudaPluginEntry = "nodule_cuda_plugin";

struct CudaError {
  char text[1024];
};

/// A captured step; see graph.h.
struct StepGraph;

/// Each function returns 0, or 1 with the reason in `error`.
struct CudaPlugin {
  std::uint32_t abi;     // kCudaPluginAbi; read before anything else
  std::uint32_t bytes;   // sizeof(CudaPlugin)
  const char* libtorch;  // the version it was compiled against
  int (*graph_create)(int device, StepGraph** graph, CudaError* error);
  int (*graph_enter)(StepGraph* graph, CudaError* error);
  int (*graph_leave)(StepGraph* graph, CudaError* error);
  int (*graph_begin)(StepGraph* graph, CudaError* error);
  int (*graph_end)(StepGraph* graph, CudaError* error);
  int (*graph_replay)(StepGraph* graph, std::int64_t times, CudaError* error);
  int (*graph_destroy)(StepGraph* graph, CudaError* error);
};

}  // namespace nodule
