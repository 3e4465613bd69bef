#include "cuda/device.h"

#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

namespace nodule {

void* OnDevice::stream() const { return c10::cuda::getCurrentCUDAStream(device_.index()).stream(); }

void check_launch(const char* name, int code) {
  TORCH_CHECK(code == 0, name, ": launching the kernel failed: ", cudaGetErrorString(static_cast<cudaError_t>(code)));
}

}  // namespace nodule
