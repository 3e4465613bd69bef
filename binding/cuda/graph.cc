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
  // An unfinished capture would leave the stream unusable and still the current one.
  try {
    const c10::cuda::CUDAGuard guard(device_);
    if (recording_) stop_recording();
    if (outside_) c10::cuda::setCurrentCUDAStream(*outside_);
    graph_.reset();
  } catch (...) {
    // Happens only on a device that is lost anyway, and a destructor has nobody to report to.
  }
}

void StepGraph::enter() {
  TORCH_CHECK(!outside_, "entering the graph's stream: it is the current stream already");
  const c10::cuda::CUDAGuard guard(device_);
  const auto outside = c10::cuda::getCurrentCUDAStream(device_);
  wait_for(stream_, outside);
  c10::cuda::setCurrentCUDAStream(stream_);
  outside_ = outside;
}

void StepGraph::leave() {
  TORCH_CHECK(outside_, "leaving the graph's stream: it is not the current stream");
  TORCH_CHECK(!recording_, "leaving the graph's stream: the capture has not ended");
  const c10::cuda::CUDAGuard guard(device_);
  const auto outside = *outside_;
  outside_.reset();
  c10::cuda::setCurrentCUDAStream(outside);
  wait_for(outside, stream_);
}

void StepGraph::begin() {
  TORCH_CHECK(outside_, "starting the capture: the graph's own stream is not the current one. Enter it first");
  TORCH_CHECK(!recording_ && !ready_, "starting the capture: the graph was captured already. Create another one");
  const c10::cuda::CUDAGuard guard(device_);
  graph_ = std::make_unique<at::cuda::CUDAGraph>();
  pool_ = at::cuda::graph_pool_handle();
  // A cached cast of a weight would be captured once and replayed stale.
  autocast_cache_ = at::autocast::is_autocast_cache_enabled();
  at::autocast::set_autocast_cache_enabled(false);
  recording_ = true;
  try {
    // Thread-local: what other threads of the process do with the device must not invalidate this capture.
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

// capture_end throws before it notifies the allocator, which would keep asking this graph, by its address, whether an
// allocation belongs to its pool.
void StepGraph::drop_recording() {
  namespace allocator = c10::cuda::CUDACachingAllocator;
  try {
    allocator::endAllocateToPool(device_, pool_);
    allocator::releasePool(device_, pool_);
  } catch (const c10::Error&) {
    // The allocator was notified already.
  }
  // Never destroyed, as libtorch may hold its address elsewhere; a failed capture is rare, and the object is small.
  static_cast<void>(graph_.release());
}

void StepGraph::end() {
  TORCH_CHECK(recording_, "ending the capture: no capture was started. Call begin() first");
  const c10::cuda::CUDAGuard guard(device_);
  stop_recording();
  ready_ = true;
}

void StepGraph::replay(std::int64_t times) {
  TORCH_CHECK(ready_, "replaying the graph: it has captured nothing. Call record() first");
  TORCH_CHECK(times >= 0, "replaying the graph: the number of times is ", times, ", expected at least 0");
  const c10::cuda::CUDAGuard guard(device_);
  for (std::int64_t i = 0; i < times; ++i) graph_->replay();
  c10::cuda::getCurrentCUDAStream(device_).synchronize();
}

}  // namespace nodule
