#include "cuda/graph.h"

#include <ATen/autocast_mode.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>

namespace nodule {

namespace {

void wait_for(const c10::cuda::CUDAStream& waiting, const c10::cuda::CUDAStream& awaited) {
  c10::cuda::CUDAEvent event;
  event.record(awaited);
  event.block(waiting);
}

}  // namespace

StepGraph::StepGraph(c10::DeviceIndex device)
    : device_(device), stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device)) {}

StepGraph::~StepGraph() {
  // An unfinished recording would leave the stream unusable, and this stream the current one.
  try {
    const c10::cuda::CUDAGuard guard(device_);
    if (recording_) stop_recording();
    if (outside_) c10::cuda::setCurrentCUDAStream(*outside_);
    graph_.reset();
  } catch (...) {
    // Only on a device that is lost anyway; a destructor has nobody to tell.
  }
}

void StepGraph::enter() {
  TORCH_CHECK(!outside_, "the graph's stream is the current one already");
  const c10::cuda::CUDAGuard guard(device_);
  const auto outside = c10::cuda::getCurrentCUDAStream(device_);
  wait_for(stream_, outside);
  c10::cuda::setCurrentCUDAStream(stream_);
  outside_ = outside;
}

void StepGraph::leave() {
  TORCH_CHECK(outside_, "the graph's stream is not the current one");
  TORCH_CHECK(!recording_, "the graph is still recording");
  const c10::cuda::CUDAGuard guard(device_);
  const auto outside = *outside_;
  outside_.reset();
  c10::cuda::setCurrentCUDAStream(outside);
  wait_for(outside, stream_);
}

void StepGraph::begin() {
  TORCH_CHECK(outside_, "recording needs the graph's own stream: enter first");
  TORCH_CHECK(!recording_ && !ready_, "the graph was recorded already");
  const c10::cuda::CUDAGuard guard(device_);
  graph_ = std::make_unique<at::cuda::CUDAGraph>();
  pool_ = at::cuda::graph_pool_handle();
  // A cached cast of a weight would be recorded once and replayed stale.
  autocast_cache_ = at::autocast::is_autocast_cache_enabled();
  at::autocast::set_autocast_cache_enabled(false);
  recording_ = true;
  try {
    // Thread-local: what other threads of the process do with the device meanwhile is no fault of this recording.
    graph_->capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
  } catch (...) {
    recording_ = false;
    at::autocast::set_autocast_cache_enabled(autocast_cache_);
    static_cast<void>(graph_.release());  // as in drop_recording
    throw;
  }
}

void StepGraph::stop_recording() {
  recording_ = false;
  at::autocast::set_autocast_cache_enabled(autocast_cache_);
  try {
    graph_->capture_end();
  } catch (...) {
    drop_recording();
    throw;
  }
}

// capture_end throws before it has told the allocator, which would go on asking this graph, by its address, whether an
// allocation is for its pool.
void StepGraph::drop_recording() {
  namespace allocator = c10::cuda::CUDACachingAllocator;
  try {
    allocator::endAllocateToPool(device_, pool_);
    allocator::releasePool(device_, pool_);
  } catch (const c10::Error&) {
    // It knew already.
  }
  // Never destroyed, for what else in libtorch may hold its address; a failed recording is rare, and this is small.
  static_cast<void>(graph_.release());
}

void StepGraph::end() {
  TORCH_CHECK(recording_, "the graph is not recording");
  const c10::cuda::CUDAGuard guard(device_);
  stop_recording();
  ready_ = true;
}

void StepGraph::replay(std::int64_t times) {
  TORCH_CHECK(ready_, "the graph has recorded nothing");
  TORCH_CHECK(times >= 0, "a graph cannot be replayed ", times, " times");
  const c10::cuda::CUDAGuard guard(device_);
  for (std::int64_t i = 0; i < times; ++i) graph_->replay();
  c10::cuda::getCurrentCUDAStream(device_).synchronize();
}

}  // namespace nodule
