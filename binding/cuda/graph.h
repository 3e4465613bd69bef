// A piece of work on the GPU, recorded once as a CUDA graph and replayed.
#pragma once

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAStream.h>

#include <memory>
#include <optional>

namespace nodule {

/// Order of use: enter, (warm-up work), begin, the work, end, leave, then replay as often as wanted. Recording runs
/// nothing. Everything that is allocated between begin and end lies in a pool of the graph's own until it is destroyed.
struct StepGraph {
  explicit StepGraph(c10::DeviceIndex device);
  ~StepGraph();

  /// Makes a stream of its own the current one of this thread, after all that was queued before: CUDA does not record
  /// on the default stream, and what warms up must run on the stream that records, or autograd and the allocator would
  /// tie the recording to the other one.
  void enter();
  void leave();

  void begin();
  /// Throws where something that cannot be recorded was done in between; the recording is then dropped.
  void end();

  /// Queues that many replays on the current stream and waits for them.
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
