// Convolutions that are told the size of the kernel besides its weights.
#include "checks/checks.h"

namespace nodule {

namespace {

// weight [out, in, ...kernel_size]; for the transposed ones [in, out, ...].
void check_kernel_size(const Arguments& arguments) {
  const at::Tensor weight = arguments.tensor("weight");
  const auto kernel = arguments.integers("kernel_size");
  const auto dims = static_cast<std::int64_t>(kernel.size());
  expect_dim(weight, "weight", dims + 2, dims + 2);
  TORCH_CHECK(weight.sizes().slice(2).equals(kernel), "'kernel_size' is ", c10::IntArrayRef(kernel), ", expected ",
              weight.sizes().slice(2), " as 'weight' has shape ", weight.sizes());
}

}  // namespace

CheckTable convolution_checks() {
  return {{"aten::slow_conv_transpose2d", check_kernel_size},
          {"aten::slow_conv_transpose3d", check_kernel_size},
          {"aten::slow_conv_dilated2d", check_kernel_size},
          {"aten::slow_conv_dilated3d", check_kernel_size},
          {"aten::slow_conv3d_forward", check_kernel_size},
          {"aten::conv_depthwise3d", check_kernel_size},
          {"aten::_conv_depthwise2d", check_kernel_size}};
}

}  // namespace nodule
