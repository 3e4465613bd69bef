// Convolutions that are told the size of the kernel besides its weights, and the columns that convolutions are made of.
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

// More than any image has.
constexpr std::int64_t kMostSize = std::int64_t{1} << 24;

void check_pair(const Arguments& arguments, const char* name, std::int64_t least) {
  const auto values = arguments.integers(name);
  if (!arguments.has(name)) return;
  TORCH_CHECK(values.size() == 2, "'", name, "' has ", values.size(), " values, expected 2");
  for (const std::int64_t value : values) {
    TORCH_CHECK(value >= least && value <= kMostSize, "'", name, "' contains ", value, ", expected ", least, " to ",
                kMostSize);
  }
}

void check_columns(const Arguments& arguments) {
  check_pair(arguments, "output_size", 1);
  check_pair(arguments, "kernel_size", 1);
  check_pair(arguments, "dilation", 1);
  check_pair(arguments, "padding", 0);
  check_pair(arguments, "stride", 1);
}

}  // namespace

CheckTable convolution_checks() {
  return {{"aten::slow_conv_transpose2d", check_kernel_size}, {"aten::slow_conv_transpose3d", check_kernel_size},
          {"aten::slow_conv_dilated2d", check_kernel_size},   {"aten::slow_conv_dilated3d", check_kernel_size},
          {"aten::slow_conv3d_forward", check_kernel_size},   {"aten::conv_depthwise3d", check_kernel_size},
          {"aten::im2col", check_columns},
          {"aten::col2im", check_columns},
          {"aten::_conv_depthwise2d", check_kernel_size}};
}

}  // namespace nodule
