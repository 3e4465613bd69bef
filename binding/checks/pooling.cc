// Gradients of pooling, padding and sampling: they write where their indices and sizes say, which only the forward call
// checked.
#include <ATen/ATen.h>

#include <algorithm>

#include "checks/checks.h"

namespace nodule {

namespace {

constexpr std::int64_t kMostPadding = std::int64_t{1} << 40;

// The number of places in one channel: the product of the last `dims` sizes.
std::int64_t places_of(const at::Tensor& tensor, std::int64_t dims) {
  std::int64_t places = 1;
  for (std::int64_t i = 1; i <= dims; ++i) places *= tensor.size(-i);
  return places;
}

// grad_output has the batch and the channels of self.
template <int kDims>
void check_pool_backward(const Arguments& arguments) {
  const at::Tensor self = arguments.tensor("self");
  const at::Tensor grad = arguments.tensor("grad_output");
  expect_dim(self, "self", kDims + 1, kDims + 2);
  expect_dim(grad, "grad_output", self.dim(), self.dim());
  const auto leading = static_cast<std::size_t>(self.dim() - kDims);
  TORCH_CHECK(grad.sizes().slice(0, leading).equals(self.sizes().slice(0, leading)), "'grad_output' has shape ",
              grad.sizes(), ", expected ", self.sizes().slice(0, leading), " in its first dimensions");
  TORCH_CHECK(grad.numel() == 0 || self.numel() > 0, "'self' has shape ", self.sizes(), ", expected values, as ",
              "'grad_output' has shape ", grad.sizes());
}

template <int kDims>
void check_max_pool_backward(const Arguments& arguments) {
  check_pool_backward<kDims>(arguments);
  const at::Tensor self = arguments.tensor("self");
  const at::Tensor grad = arguments.tensor("grad_output");
  const at::Tensor indices = arguments.tensor("indices");
  const std::int64_t places = places_of(self, kDims);
  TORCH_CHECK(indices.defined(), "'indices' is null, expected a tensor");
  expect_same_sizes(indices, "indices", grad.sizes());
  expect_indices(indices, "indices", 0, places);
}

void check_random_samples(const Arguments& arguments) {
  TORCH_CHECK(all_within(arguments.tensor("random_samples"), 0, 1),
              "'random_samples' contains a value that is not from 0 to 1");
}

// input [N, C, ...], grid [N, ..., dims], grad_output [N, C, places of the grid].
template <int kDims>
void check_grid_backward(const Arguments& arguments) {
  const at::Tensor input = arguments.tensor("input");
  const at::Tensor grid = arguments.tensor("grid");
  expect_dim(input, "input", kDims + 2, kDims + 2);
  expect_dim(grid, "grid", kDims + 2, kDims + 2);
  c10::DimVector sizes = {input.size(0), input.size(1)};
  for (std::int64_t i = 1; i <= kDims; ++i) sizes.push_back(grid.size(i));
  TORCH_CHECK(arguments.has("grad_output"), "'grad_output' is null, expected a tensor");
  expect_same_sizes(arguments.tensor("grad_output"), "grad_output", sizes);
}

// padding [before, after] of the last dimension, then of the one before.
template <int kDims>
void check_pad_backward(const Arguments& arguments) {
  const at::Tensor self = arguments.tensor("self");
  const auto padding = arguments.integers("padding");
  expect_dim(self, "self", kDims + 1, kDims + 2);
  TORCH_CHECK(padding.size() == 2 * kDims, "'padding' has ", padding.size(), " values, expected ", 2 * kDims);
  c10::DimVector sizes(self.sizes());
  for (std::size_t i = 0; i < kDims; ++i) {
    std::int64_t& size = sizes[sizes.size() - 1 - i];
    for (const std::int64_t pad : {padding[2 * i], padding[2 * i + 1]}) {
      TORCH_CHECK(pad >= -size && pad <= kMostPadding, "'padding' contains ", pad, ", expected ", -size, " to ",
                  kMostPadding);
    }
    size += padding[2 * i] + padding[2 * i + 1];
  }
  TORCH_CHECK(arguments.has("grad_output"), "'grad_output' is null, expected a tensor");
  expect_same_sizes(arguments.tensor("grad_output"), "grad_output", sizes);
}

// grad_in [...windows along dim..., size]: one row for each window of the input.
void check_unfold_backward(const Arguments& arguments) {
  const at::Tensor grad = arguments.tensor("grad_in");
  c10::DimVector sizes(arguments.integers("input_sizes"));
  const auto dims = static_cast<std::int64_t>(sizes.size());
  const auto dim = arguments.integer("dim").value_or(0);
  const auto size = arguments.integer("size").value_or(0);
  const auto step = arguments.integer("step").value_or(0);
  const std::int64_t least = std::max<std::int64_t>(dims, 1);
  TORCH_CHECK(dim >= -least && dim < least, "'dim' is ", dim, ", expected ", -least, " to ", least - 1);
  const std::int64_t length = dims == 0 ? 1 : sizes[static_cast<std::size_t>(dim < 0 ? dim + dims : dim)];
  TORCH_CHECK(size >= 0 && size <= length, "'size' is ", size, ", expected 0 to ", length);
  TORCH_CHECK(step > 0, "'step' is ", step, ", expected at least 1");
  if (dims > 0) sizes[static_cast<std::size_t>(dim < 0 ? dim + dims : dim)] = (length - size) / step + 1;
  sizes.push_back(size);
  TORCH_CHECK(grad.defined(), "'grad_in' is null, expected a tensor");
  expect_same_sizes(grad, "grad_in", sizes);
}

}  // namespace

CheckTable pooling_checks() {
  return {{"aten::max_pool2d_with_indices_backward", check_max_pool_backward<2>},
          {"aten::max_pool3d_with_indices_backward", check_max_pool_backward<3>},
          {"aten::adaptive_max_pool2d_backward", check_max_pool_backward<2>},
          {"aten::adaptive_max_pool3d_backward", check_max_pool_backward<3>},
          {"aten::avg_pool2d_backward", check_pool_backward<2>},
          {"aten::avg_pool3d_backward", check_pool_backward<3>},
          {"aten::_adaptive_avg_pool2d_backward", check_pool_backward<2>},
          {"aten::_adaptive_avg_pool3d_backward", check_pool_backward<3>},
          {"aten::adaptive_avg_pool3d_backward", check_pool_backward<3>},
          {"aten::fractional_max_pool2d_backward", check_max_pool_backward<2>},
          {"aten::fractional_max_pool3d_backward", check_max_pool_backward<3>},
          {"aten::fractional_max_pool2d", check_random_samples},
          {"aten::fractional_max_pool3d", check_random_samples},
          {"aten::reflection_pad1d_backward", check_pad_backward<1>},
          {"aten::reflection_pad2d_backward", check_pad_backward<2>},
          {"aten::reflection_pad3d_backward", check_pad_backward<3>},
          {"aten::replication_pad1d_backward", check_pad_backward<1>},
          {"aten::replication_pad2d_backward", check_pad_backward<2>},
          {"aten::replication_pad3d_backward", check_pad_backward<3>},
          {"aten::unfold_backward", check_unfold_backward},
          {"aten::grid_sampler_2d_backward", check_grid_backward<2>},
          {"aten::grid_sampler_3d_backward", check_grid_backward<3>}};
}

}  // namespace nodule
