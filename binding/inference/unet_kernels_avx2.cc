// The kernels of the U-Net for avx2; see CMakeLists.txt for the compiler's options.
#if defined(__x86_64__)
#define NODULE_LANES 8
#define NODULE_ROWS 6
#define NODULE_GROUP 1
#include "inference/unet_kernels_impl.h"

namespace nodule {

const UNetKernels& avx2_kernels() {
  static constexpr UNetKernels kernels = {"avx2", kGroup, convolution, pointwise, pool, sigmoid};
  return kernels;
}

}  // namespace nodule
#endif
