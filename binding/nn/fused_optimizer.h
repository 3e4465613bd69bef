// Adam, AdamW and SGD through libtorch's fused operators. The state has the form of Python's optimizers, so that it can
// be exchanged with them.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace nodule {

enum class Rule { kAdam, kAdamW, kSgd };

struct OptimizerSettings {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;
  bool maximize = false;
};

// The optimizer state of one parameter; undefined until its first step.
struct ParameterState {
  at::Tensor step;  // float32, 0-dim, Adam and AdamW
  at::Tensor exp_avg, exp_avg_sq, max_exp_avg_sq;
  at::Tensor momentum_buffer;  // SGD with momentum
};

using NamedState = std::vector<std::pair<std::string, at::Tensor>>;

class FusedOptimizer {
 public:
  // Throws if a parameter is repeated, not a leaf or not floating-point, or if its memory has holes or overlaps: the
  // fused kernels treat it as one contiguous piece.
  FusedOptimizer(Rule rule, std::vector<at::Tensor> parameters, OptimizerSettings settings);

  // Parameters without a gradient are skipped, as in Python. A non-zero `found_inf` (float32, one element) skips the
  // whole step on the device, without synchronizing with the host. A defined `lr` (float32, one element, on the
  // parameters' device) is read there instead of the setting: a captured CUDA graph would repeat a host value forever.
  void step(const at::Tensor& found_inf, const at::Tensor& lr = {});
  // Gradients become undefined, not zero.
  void zero_grad();

  OptimizerSettings& settings() { return settings_; }
  Rule rule() const { return rule_; }
  const std::vector<at::Tensor>& parameters() const { return parameters_; }
  // (name, tensor) pairs of one parameter, in Python's order; empty before its first step.
  NamedState state_of(std::size_t index) const;
  // Copies the states of all parameters into tensors with their strides; an empty one clears it. Nothing is changed
  // unless all fit.
  void load_states(const std::vector<NamedState>& states);

 private:
  void step_group(const std::vector<std::size_t>& members, const at::Tensor& found_inf, const at::Tensor& lr);
  void step_adam(const std::vector<std::size_t>& members, std::vector<at::Tensor>& parameters,
                 std::vector<at::Tensor>& gradients, const std::optional<at::Tensor>& found_inf, const at::Tensor& lr);
  void step_sgd(const std::vector<std::size_t>& members, std::vector<at::Tensor>& parameters,
                std::vector<at::Tensor>& gradients, const std::optional<at::Tensor>& found_inf, const at::Tensor& lr);
  ParameterState loaded_state(std::size_t index, const NamedState& state) const;
  // Creates the state, or converts it if the parameter's device or dtype has changed since (module.to).
  void prepare_state(std::size_t index);

  Rule rule_;
  std::vector<at::Tensor> parameters_;
  OptimizerSettings settings_;
  std::vector<ParameterState> states_;
};

}  // namespace nodule
