// The kernels of the U-Net for avx512; see CMakeLists.txt for the compiler's options.
#if defined(__x86_64__)
#define NODULE_LANES 16
#define NODULE_ROWS 8
#define NODULE_GROUP 2
#include "inference/unet_kernels_impl.h"

namespace nodule {

const UNetKernels& avx512_kernels() {
  static constexpr UNetKernels kernels = {"avx512", kGroup, convolution, pointwise, pool, sigmoid};
  return kernels;
}

}  // namespace nodule
#endif
