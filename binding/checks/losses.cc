// Targets of losses: classes and lengths. Kernels for the gradient trust those that the loss was computed with, but a
// caller can write to them in between.
#include "checks/checks.h"

namespace nodule {

namespace {

std::vector<std::int64_t> lengths_of(const Arguments& arguments, const char* name) {
  const at::Tensor tensor = arguments.tensor(name);
  if (!tensor.defined()) return arguments.integers(name);
  TORCH_CHECK(at::isIntegralType(tensor.scalar_type(), false), "'", name, "' has dtype ", tensor.scalar_type(),
              ", expected integers");
  const at::Tensor dense = tensor.detach().to(at::kCPU, at::kLong).contiguous();
  const auto* values = dense.const_data_ptr<std::int64_t>();
  return {values, values + dense.numel()};
}

void check_lengths(const std::vector<std::int64_t>& lengths, const char* name, std::int64_t count, std::int64_t most) {
  TORCH_CHECK(static_cast<std::int64_t>(lengths.size()) == count, "'", name, "' has ", lengths.size(),
              " values, expected one for each of ", count, " sequences");
  for (const std::int64_t length : lengths) {
    TORCH_CHECK(length >= 0 && length <= most, "'", name, "' contains ", length, ", expected 0 to ", most);
  }
}

void check_labels(const std::int64_t* labels, std::int64_t count, std::int64_t classes) {
  for (std::int64_t i = 0; i < count; ++i) {
    TORCH_CHECK(labels[i] >= 0 && labels[i] < classes, "'targets' contains the label ", labels[i],
                ", expected labels from 0 to ", classes - 1);
  }
}

// log_probs [T, N, C]; targets [N, S], of which target_lengths are used, or all of them in one row.
void check_ctc_loss(const Arguments& arguments) {
  const at::Tensor log_probs = arguments.tensor("log_probs");
  const at::Tensor targets = arguments.tensor("targets");
  expect_dim(log_probs, "log_probs", 3, 3);
  expect_dim(targets, "targets", 1, 2);
  const std::int64_t sequences = log_probs.size(1);
  const std::int64_t classes = log_probs.size(2);
  TORCH_CHECK(at::isIntegralType(targets.scalar_type(), false), "'targets' has dtype ", targets.scalar_type(),
              ", expected int64 or int32");
  const auto blank = arguments.integer("blank").value_or(0);
  TORCH_CHECK(blank >= 0 && blank < classes, "'blank' is ", blank, ", expected 0 to ", classes - 1);
  const auto target_lengths = lengths_of(arguments, "target_lengths");
  const bool in_one_row = targets.dim() == 1;
  TORCH_CHECK(in_one_row || targets.size(0) == sequences, "'targets' has ", targets.size(0), " rows, expected ",
              sequences);
  check_lengths(lengths_of(arguments, "input_lengths"), "input_lengths", sequences, log_probs.size(0));
  check_lengths(target_lengths, "target_lengths", sequences, targets.size(-1));
  if (!is_readable(targets)) return;
  const at::Tensor dense = targets.detach().to(at::kLong).contiguous();
  const auto* labels = dense.const_data_ptr<std::int64_t>();
  if (!in_one_row) {
    for (std::int64_t row = 0; row < sequences; ++row) {
      check_labels(labels + row * targets.size(1), target_lengths[static_cast<std::size_t>(row)], classes);
    }
    return;
  }
  std::int64_t total = 0;
  for (const std::int64_t length : target_lengths) {
    total += length;
    TORCH_CHECK(total <= targets.numel(), "'target_lengths' add up to more than the ", targets.numel(), " targets");
  }
  check_labels(labels, total, classes);
}

void check_ctc_loss_backward(const Arguments& arguments) {
  check_ctc_loss(arguments);
  const at::Tensor log_probs = arguments.tensor("log_probs");
  const at::Tensor log_alpha = arguments.tensor("log_alpha");
  std::int64_t longest = 0;
  for (const std::int64_t length : lengths_of(arguments, "target_lengths")) longest = std::max(longest, length);
  expect_dim(log_alpha, "log_alpha", 3, 3);
  TORCH_CHECK(log_alpha.size(0) == log_probs.size(1) && log_alpha.size(1) == log_probs.size(0) &&
                  log_alpha.size(2) >= 2 * longest + 1,
              "'log_alpha' has shape ", log_alpha.sizes(), ", expected that of the loss of these sequences");
  expect_numel(arguments.tensor("neg_log_likelihood"), "neg_log_likelihood", log_probs.size(1), true);
  expect_numel(arguments.tensor("grad"), "grad", log_probs.size(1), true);
}

// self [N, C, ...] or [C].
std::int64_t classes_of(const at::Tensor& self) { return self.dim() < 2 ? self.numel() : self.size(1); }

void check_classes(const at::Tensor& target, std::int64_t classes, std::int64_t ignored) {
  const auto range = range_of(target);
  if (!range || (range->least >= 0 && range->most < classes)) return;
  const at::Tensor dense = target.detach().to(at::kLong).contiguous();
  const auto* values = dense.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < dense.numel(); ++i) {
    TORCH_CHECK(values[i] == ignored || (values[i] >= 0 && values[i] < classes), "'target' contains the class ",
                values[i], ", expected classes from 0 to ", classes - 1, " or ", ignored, ", which is ignored");
  }
}

void check_nll_backward(const Arguments& arguments) {
  const at::Tensor self = arguments.tensor("self");
  const at::Tensor target = arguments.tensor("target");
  expect_dim(self, "self", 1);
  expect_dim(target, "target", 0);
  const std::int64_t classes = classes_of(self);
  expect_numel(arguments.tensor("weight"), "weight", classes);
  expect_numel(arguments.tensor("total_weight"), "total_weight", 1, true);
  if (self.dim() > 1) expect_numel(target, "target", classes == 0 ? 0 : self.numel() / classes);
  if (self.dim() == 1) expect_numel(target, "target", 1);
  check_classes(target, classes, arguments.integer("ignore_index").value_or(-100));
  const at::Tensor grad = arguments.tensor("grad_output");
  expect_dim(grad, "grad_output", 0);
  if (arguments.integer("reduction").value_or(1) == 0) {
    expect_same_sizes(grad, "grad_output", target.sizes());
  } else {
    expect_numel(grad, "grad_output", 1);
  }
}

void check_margin_backward(const Arguments& arguments) {
  const at::Tensor self = arguments.tensor("self");
  expect_dim(self, "self", 0, 2);
  expect_indices(arguments.tensor("target"), "target", 0, classes_of(self));
}

void check_multilabel_backward(const Arguments& arguments) {
  const at::Tensor self = arguments.tensor("self");
  expect_dim(self, "self", 0, 2);
  expect_indices(arguments.tensor("target"), "target", -1, classes_of(self));
}

}  // namespace

CheckTable loss_checks() {
  return {{"aten::_ctc_loss", check_ctc_loss},
          {"aten::_ctc_loss_backward", check_ctc_loss_backward},
          {"aten::nll_loss_backward", check_nll_backward},
          {"aten::nll_loss2d_backward", check_nll_backward},
          {"aten::multi_margin_loss_backward", check_margin_backward},
          {"aten::multilabel_margin_loss_backward", check_multilabel_backward}};
}

}  // namespace nodule
