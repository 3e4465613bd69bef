// Convolutions that are told the size of the kernel besides its weights, and the columns that convolutions are made of.
#include "checks/checks.h"

namespace nodule {

namespace {

// More than any image has.
constexpr std::int64_t kMostSize = std::int64_t{1} << 24;

// weight [out, in, ...kernel_size]; for the transposed ones [in, out, ...].
void check_kernel_size(const Arguments& arguments) {
  const at::Tensor weight = arguments.tensor("weight");
  const auto kernel = arguments.integers("kernel_size");
  const auto dims = static_cast<std::int64_t>(kernel.size());
  expect_dim(weight, "weight", dims + 2, dims + 2);
  TORCH_CHECK(weight.sizes().slice(2).equals(kernel), "'kernel_size' is ", c10::IntArrayRef(kernel), ", expected ",
              weight.sizes().slice(2), " as 'weight' has shape ", weight.sizes());
}

// One value for all axes, or one for each.
std::int64_t at_axis(const std::vector<std::int64_t>& values, std::size_t axis) {
  return values[values.size() == 1 ? 0 : axis];
}

// input [N, C, ...], weight [out, in / groups, ...] ([in, out / groups, ...] if transposed): the gradient has the shape
// of the convolution.
void check_convolution_backward(const Arguments& arguments) {
  const at::Tensor input = arguments.tensor("input");
  const at::Tensor weight = arguments.tensor("weight");
  const at::Tensor grad = arguments.tensor("grad_output");
  expect_dim(input, "input", 3, 5);
  expect_dim(weight, "weight", input.dim(), input.dim());
  TORCH_CHECK(grad.defined(), "'grad_output' is null, expected a tensor");
  const auto axes = static_cast<std::size_t>(input.dim() - 2);
  const auto stride = arguments.integers("stride");
  const auto padding = arguments.integers("padding");
  const auto dilation = arguments.integers("dilation");
  const auto output_padding = arguments.integers("output_padding");
  const auto groups = arguments.integer("groups").value_or(1);
  const bool transposed = arguments.flag("transposed");
  TORCH_CHECK(groups > 0, "'groups' is ", groups, ", expected at least 1");
  for (const auto* values : {&stride, &padding, &dilation, &output_padding}) {
    TORCH_CHECK(values->size() == 1 || values->size() == axes, "found ", values->size(), " values for ", axes,
                " axes in 'stride', 'padding', 'dilation' or 'output_padding'");
    for (const std::int64_t value : *values) {
      TORCH_CHECK(value >= 0 && value <= kMostSize, "found ", value, ", expected 0 to ", kMostSize,
                  " in 'stride', 'padding', 'dilation' and 'output_padding'");
    }
  }
  c10::DimVector sizes = {input.size(0), transposed ? weight.size(1) * groups : weight.size(0)};
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::int64_t step = at_axis(stride, axis);
    TORCH_CHECK(step > 0, "'stride' contains 0, expected at least 1");
    const std::int64_t size = input.sizes()[axis + 2];
    const std::int64_t kernel = at_axis(dilation, axis) * (weight.sizes()[axis + 2] - 1) + 1;
    const std::int64_t padded = 2 * at_axis(padding, axis);
    sizes.push_back(transposed ? (size - 1) * step - padded + kernel + at_axis(output_padding, axis)
                               : (size + padded - kernel) / step + 1);
  }
  expect_same_sizes(grad, "grad_output", sizes);
}

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
  return {{"aten::slow_conv_transpose2d", check_kernel_size},
          {"aten::slow_conv_transpose3d", check_kernel_size},
          {"aten::slow_conv_dilated2d", check_kernel_size},
          {"aten::slow_conv_dilated3d", check_kernel_size},
          {"aten::slow_conv3d_forward", check_kernel_size},
          {"aten::conv_depthwise3d", check_kernel_size},
          {"aten::convolution_backward", check_convolution_backward},
          {"aten::im2col", check_columns},
          {"aten::col2im", check_columns},
          {"aten::_conv_depthwise2d", check_kernel_size}};
}

}  // namespace nodule
