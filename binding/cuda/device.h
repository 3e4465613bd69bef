// The device that an operator's kernels run on. The plugin's is CUDA's, the shim's is the CPU.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DeviceGuard.h>

namespace nodule {

/// For its life, the tensor's device is the current one.
class OnDevice {
 public:
  explicit OnDevice(const at::Tensor& tensor) : guard_(tensor.device()), device_(tensor.device()) {}

  /// The stream that libtorch's own operators use on it now, as a cudaStream_t.
  void* stream() const;

 private:
  c10::DeviceGuard guard_;
  c10::Device device_;
};

/// Throws where a launch gave an error.
void check_launch(const char* name, int code);

}  // namespace nodule
