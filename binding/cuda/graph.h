// Work on the GPU that is captured once as a CUDA graph and replayed.
#pragma once

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAStream.h>

#include <memory>
#include <optional>

namespace nodule {

/// Order of use: enter, (warm-up work), begin, the work, end, leave, then any number of replays. Capturing runs
/// nothing. Allocations between begin and end stay in the graph's own memory pool until the graph is destroyed.
struct StepGraph {
  explicit StepGraph(c10::DeviceIndex device);
  ~StepGraph();

  /// Makes the graph's own stream the current one of this thread, ordered after all work queued so far: CUDA cannot
  /// capture on the default stream, and the warm-up must run on the capturing stream, or autograd and the allocator
  /// would tie the capture to the other one.
  void enter();
  void leave();

  void begin();
  /// Throws if the work since begin() cannot be captured; the capture is then dropped.
  void end();

  /// Queues `times` replays on the current stream and waits for them.
  void replay(std::int64_t times);

 private:
  void stop_recording();
  void drop_recording();

  c10::DeviceIndex device_;
  c10::cuda::CUDAStream stream_;
  std::optional<c10::cuda::CUDAStream> outside_;
  std::unique_ptr<at::cuda::CUDAGraph> graph_;
  c10::MempoolId_t pool_{0, 0};
  bool recording_ = false;
  bool ready_ = false;
  bool autocast_cache_ = true;
};

}  // namespace nodule
