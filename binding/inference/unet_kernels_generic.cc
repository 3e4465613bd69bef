// The kernels of the U-Net for generic; see CMakeLists.txt for the compiler's options.
#define NODULE_LANES 4
#define NODULE_ROWS 3
#define NODULE_GROUP 1
#include "inference/unet_kernels_impl.h"

namespace nodule {

const UNetKernels& generic_kernels() {
  static constexpr UNetKernels kernels = {"generic", kGroup, convolution, pointwise, pool, sigmoid};
  return kernels;
}

}  // namespace nodule
