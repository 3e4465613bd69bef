// Lists of indices, lengths and offsets that say which rows belong together.
#include <ATen/ATen.h>

#include "checks/checks.h"

namespace nodule {

namespace {

// More rows than any memory holds; sums up to here cannot overflow.
constexpr std::int64_t kMostRows = std::int64_t{1} << 48;

at::Tensor integers_of(const at::Tensor& tensor, const char* name) {
  TORCH_CHECK(at::isIntegralType(tensor.scalar_type(), false), "'", name, "' has dtype ", tensor.scalar_type(),
              ", expected int64 or int32");
  return tensor.detach().to(at::kLong).contiguous();
}

// Each row of `lengths` says how a row of `rows` values is cut.
void check_lengths(const at::Tensor& lengths, std::int64_t rows) {
  if (!is_readable(lengths)) return;
  const at::Tensor dense = integers_of(lengths, "lengths");
  const auto* values = dense.const_data_ptr<std::int64_t>();
  const std::int64_t count = dense.size(-1);
  for (std::int64_t start = 0; start < dense.numel(); start += count) {
    std::int64_t total = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t length = values[start + i];
      TORCH_CHECK(length >= 0 && length <= rows, "'lengths' contains ", length, ", expected 0 to ", rows);
      total += length;
      TORCH_CHECK(total <= rows, "'lengths' add up to more than ", rows, " rows");
    }
  }
}

// Offsets from 0, none smaller than the one before, none beyond `rows`.
void check_offsets(const at::Tensor& offsets, std::int64_t rows) {
  if (!is_readable(offsets) || offsets.numel() == 0) return;
  const at::Tensor dense = integers_of(offsets, "offsets");
  const auto* values = dense.const_data_ptr<std::int64_t>();
  const std::int64_t count = dense.size(-1);
  for (std::int64_t start = 0; start < dense.numel(); start += count) {
    TORCH_CHECK(values[start] == 0, "'offsets' starts with ", values[start], ", expected 0");
    for (std::int64_t i = 1; i < count; ++i) {
      const std::int64_t offset = values[start + i];
      TORCH_CHECK(offset >= values[start + i - 1] && offset <= rows, "'offsets' contains ", offset, " after ",
                  values[start + i - 1], ", expected ", values[start + i - 1], " to ", rows);
    }
  }
}

void check_segment_reduce(const Arguments& arguments) {
  const at::Tensor data = arguments.tensor("data");
  const auto axis = arguments.integer("axis").value_or(0);
  expect_dim(data, "data", 1);
  TORCH_CHECK(axis >= 0 && axis < data.dim(), "'axis' is ", axis, ", expected 0 to ", data.dim() - 1);
  for (const char* name : {"lengths", "offsets"}) {
    const at::Tensor cuts = arguments.tensor(name);
    if (!cuts.defined()) continue;
    TORCH_CHECK(cuts.dim() == axis + 1 && cuts.sizes().slice(0, axis).equals(data.sizes().slice(0, axis)), "'", name,
                "' has shape ", cuts.sizes(), ", expected that of 'data' up to the axis, and the number of segments");
  }
  const at::Tensor lengths = arguments.tensor("lengths");
  const at::Tensor offsets = arguments.tensor("offsets");
  if (lengths.defined()) check_lengths(lengths, data.size(axis));
  if (offsets.defined()) {
    TORCH_CHECK(offsets.size(-1) > 0, "'offsets' is empty, expected the start of each segment and the end of the last");
    check_offsets(offsets, data.size(axis));
  }
}

void check_repeat_interleave(const Arguments& arguments) {
  const at::Tensor repeats = arguments.tensor("repeats");
  if (!is_readable(repeats) || !at::isIntegralType(repeats.scalar_type(), false)) return;
  const at::Tensor dense = integers_of(repeats, "repeats");
  const auto* values = dense.const_data_ptr<std::int64_t>();
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < dense.numel(); ++i) {
    TORCH_CHECK(values[i] >= 0 && values[i] <= kMostRows - total, "'repeats' contains ", values[i],
                ", expected numbers from 0 that add up to at most 2^48");
    total += values[i];
  }
  const auto size = arguments.integer("output_size");
  if (!size || arguments.has("self")) return;
  TORCH_CHECK(*size == total, "'output_size' is ", *size, ", expected ", total, ", the sum of the repeats");
}

void check_embedding_backward(const Arguments& arguments) {
  const at::Tensor grad = arguments.tensor(arguments.has("grad") ? "grad" : "grad_output");
  const at::Tensor indices = arguments.tensor("indices");
  const auto rows = arguments.integer("num_weights").value_or(0);
  TORCH_CHECK(rows >= 0, "'num_weights' is ", rows, ", expected 0 or more");
  expect_dim(indices, "indices", 0);
  expect_dim(grad, "grad_output", indices.dim() + 1, indices.dim() + 1);
  TORCH_CHECK(grad.sizes().slice(0, static_cast<std::size_t>(indices.dim())).equals(indices.sizes()),
              "'grad_output' has shape ", grad.sizes(), ", expected that of 'indices', ", indices.sizes(),
              ", and the size of a row");
  expect_indices(indices, "indices", 0, rows);
}

void check_embedding_bag(const Arguments& arguments) {
  const at::Tensor weight = arguments.tensor("weight");
  const at::Tensor indices = arguments.tensor("indices");
  expect_dim(weight, "weight", 2, 2);
  expect_dim(indices, "indices", 1, 1);
  const at::Tensor offsets = arguments.tensor("offsets");
  expect_dim(offsets, "offsets", 1, 1);
  TORCH_CHECK(offsets.numel() > 0 || indices.numel() == 0,
              "'offsets' is empty, expected the start of each bag of 'indices'");
  const auto mode = arguments.integer("mode").value_or(0);
  TORCH_CHECK(mode >= 0 && mode <= 2, "'mode' is ", mode, ", expected 0 (sum), 1 (mean) or 2 (max)");
  expect_indices(indices, "indices", 0, weight.size(0));
  check_offsets(offsets, indices.numel());
  expect_same_sizes(arguments.tensor("per_sample_weights"), "per_sample_weights", indices.sizes());
}

// The bag of each index, which the forward call returned.
void check_embedding_bag_backward(const Arguments& arguments) {
  const at::Tensor grad = arguments.tensor("grad");
  const at::Tensor indices = arguments.tensor("indices");
  expect_dim(grad, "grad", 2, 2);
  expect_dim(indices, "indices", 1, 1);
  const at::Tensor weight = arguments.tensor("weight");
  const auto rows = weight.defined() ? weight.size(0) : arguments.integer("num_weights").value_or(0);
  TORCH_CHECK(rows >= 0, "'num_weights' is ", rows, ", expected 0 or more");
  expect_indices(indices, "indices", 0, rows);
  const at::Tensor bags = arguments.tensor("offset2bag");
  if (bags.defined() && bags.numel() > 0) {
    expect_numel(bags, "offset2bag", indices.numel());
    expect_indices(bags, "offset2bag", 0, grad.size(0));
  }
  const at::Tensor sizes = arguments.tensor("bag_size");
  if (sizes.defined() && sizes.numel() > 0) expect_numel(sizes, "bag_size", grad.size(0));
  const at::Tensor greatest = arguments.tensor("maximum_indices");
  if (greatest.defined()) expect_indices(greatest, "maximum_indices", -1, rows);
  check_offsets(arguments.tensor("offsets"), indices.numel());
  expect_same_sizes(arguments.tensor("per_sample_weights"), "per_sample_weights", indices.sizes());
}

}  // namespace

CheckTable segment_checks() {
  return {{"aten::segment_reduce", check_segment_reduce},
          {"aten::_segment_reduce_backward", check_segment_reduce},
          {"aten::repeat_interleave", check_repeat_interleave},
          {"aten::embedding_dense_backward", check_embedding_backward},
          {"aten::embedding_sparse_backward", check_embedding_backward},
          {"aten::_embedding_bag", check_embedding_bag},
          {"aten::_embedding_bag_forward_only", check_embedding_bag},
          {"aten::_embedding_bag_backward", check_embedding_bag_backward},
          {"aten::_embedding_bag_dense_backward", check_embedding_bag_backward},
          {"aten::_embedding_bag_per_sample_weights_backward", check_embedding_bag_backward}};
}

}  // namespace nodule
