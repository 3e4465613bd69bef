// The device that an operator's kernels run on: a CUDA device in the plugin, the CPU in the shim.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DeviceGuard.h>

namespace nodule {

/// Makes the tensor's device the current one during its lifetime.
class OnDevice {
 public:
  explicit OnDevice(const at::Tensor& tensor) : guard_(tensor.device()), device_(tensor.device()) {}

  /// The stream that libtorch's own operators currently use on the device, as a cudaStream_t.
  void* stream() const;

 private:
  c10::DeviceGuard guard_;
  c10::Device device_;
};

/// Throws if a launch returned an error.
void check_launch(const char* name, int code);

}  // namespace nodule
