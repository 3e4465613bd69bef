// Statistics and weights with one value per channel, which kernels read without looking at their length.
#include <algorithm>

#include "checks/checks.h"

namespace nodule {

namespace {

struct Channels {
  at::Tensor input;
  std::int64_t count;

  explicit Channels(const Arguments& arguments) : input(arguments.tensor("input")) {
    expect_dim(input, "input", 2);
    TORCH_CHECK(input.numel() > 0, "'input' has shape ", input.sizes(), ", expected at least one value");
    count = input.size(1);
  }
};

bool is_empty(const at::Tensor& tensor) { return !tensor.defined() || tensor.numel() == 0; }

void check_batch_norm(const Arguments& arguments) {
  const Channels channels(arguments);
  const bool needs_statistics = arguments.has("training") && !arguments.flag("training");
  for (const char* name : {"weight", "bias"}) expect_numel(arguments.tensor(name), name, channels.count);
  for (const char* name : {"running_mean", "running_var"}) {
    expect_numel(arguments.tensor(name), name, channels.count, needs_statistics);
  }
}

void check_batch_norm_backward(const Arguments& arguments) {
  const Channels channels(arguments);
  const char* gradient = arguments.has("grad_output") ? "grad_output" : "grad_out";
  TORCH_CHECK(arguments.has(gradient), "'", gradient, "' is null, expected a tensor");
  expect_same_sizes(arguments.tensor(gradient), gradient, channels.input.sizes());
  const bool training = arguments.flag("train") || arguments.flag("update") || arguments.flag("training");
  expect_numel(arguments.tensor("weight"), "weight", channels.count);
  for (const char* name : {"running_mean", "running_var"}) {
    expect_numel(arguments.tensor(name), name, channels.count, !training);
  }
  for (const char* name : {"save_mean", "save_invstd", "save_var"}) {
    const at::Tensor saved = arguments.tensor(name);
    if (training && arguments.schema().argumentIndexWithName(name)) {
      expect_numel(saved, name, channels.count, true);
    } else if (!is_empty(saved)) {
      expect_numel(saved, name, channels.count);
    }
  }
}

// input [N, C, ...], group statistics [N, group].
void check_group_norm_backward(const Arguments& arguments) {
  const at::Tensor input = arguments.tensor("input");
  const auto samples = arguments.integer("N").value_or(0);
  const auto channels = arguments.integer("C").value_or(0);
  const auto size = arguments.integer("HxW").value_or(0);
  const auto groups = arguments.integer("group").value_or(0);
  TORCH_CHECK(samples >= 0 && channels >= 0 && size >= 0 && groups > 0, "found N ", samples, ", C ", channels, ", HxW ",
              size, " and group ", groups, ", expected none negative and at least one group");
  TORCH_CHECK(channels % groups == 0, "'group' is ", groups, ", expected a divisor of the ", channels, " channels");
  expect_numel(input, "input", samples * channels * size, true);
  for (const char* name : {"weight", "bias"}) expect_numel(arguments.tensor(name), name, channels);
  if (!arguments.schema().argumentIndexWithName("grad_out")) return;
  expect_numel(arguments.tensor("grad_out"), "grad_out", samples * channels * size, true);
  for (const char* name : {"mean", "rstd"}) expect_numel(arguments.tensor(name), name, samples * groups, true);
}

// One mean and one deviation for each group of normalized values, one weight for each value of a group.
void check_layer_norm_backward(const Arguments& arguments) {
  const at::Tensor input = arguments.tensor("input");
  const auto shape = arguments.integers("normalized_shape");
  const auto dims = static_cast<std::int64_t>(shape.size());
  expect_dim(input, "input", std::max<std::int64_t>(dims, 1));
  TORCH_CHECK(dims > 0 && input.sizes().slice(static_cast<std::size_t>(input.dim() - dims)).equals(shape),
              "'normalized_shape' is ", c10::IntArrayRef(shape), ", expected the last sizes of 'input', ",
              input.sizes());
  std::int64_t size = 1;
  for (const std::int64_t one : shape) size *= one;
  const std::int64_t groups = size == 0 ? 0 : input.numel() / size;
  TORCH_CHECK(arguments.has("grad_out"), "'grad_out' is null, expected a tensor");
  expect_same_sizes(arguments.tensor("grad_out"), "grad_out", input.sizes());
  for (const char* name : {"mean", "rstd"}) {
    if (arguments.schema().argumentIndexWithName(name) && size > 0) {
      expect_numel(arguments.tensor(name), name, groups, true);
    }
  }
  for (const char* name : {"weight", "bias"}) expect_same_sizes(arguments.tensor(name), name, shape);
}

}  // namespace

CheckTable normalization_checks() {
  return {{"aten::native_batch_norm", check_batch_norm},
          {"aten::_native_batch_norm_legit", check_batch_norm},
          {"aten::_native_batch_norm_legit_no_training", check_batch_norm},
          {"aten::_native_batch_norm_legit_functional", check_batch_norm},
          {"aten::_batch_norm_with_update", check_batch_norm},
          {"aten::_batch_norm_with_update_functional", check_batch_norm},
          {"aten::_batch_norm_no_update", check_batch_norm},
          {"aten::batch_norm_update_stats", check_batch_norm},
          {"aten::cudnn_batch_norm", check_batch_norm},
          {"aten::batch_norm_backward", check_batch_norm_backward},
          {"aten::native_batch_norm_backward", check_batch_norm_backward},
          {"aten::cudnn_batch_norm_backward", check_batch_norm_backward},
          {"aten::native_layer_norm_backward", check_layer_norm_backward},
          {"aten::_fused_rms_norm_backward", check_layer_norm_backward},
          {"aten::native_group_norm", check_group_norm_backward},
          {"aten::native_group_norm_backward", check_group_norm_backward}};
}

}  // namespace nodule
