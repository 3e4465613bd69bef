#include "nn/fused_optimizer.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_sub.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <map>
#include <sstream>
#include <stdexcept>

#include "core/in_memory.h"

namespace nodule {

namespace {

[[noreturn]] void refuse(std::size_t index, const std::string& what) {
  std::ostringstream message;
  message << "optimizer: parameter " << index << " " << what;
  throw std::invalid_argument(message.str());
}

bool same_layout(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.strides() == b.strides() && a.scalar_type() == b.scalar_type() &&
         a.device() == b.device();
}

// Refuses what was resized since, through whichever alias: the fused kernels read as many values as the parameter has.
void require_sizes(std::size_t index, const char* what, const at::Tensor& tensor, const at::Tensor& parameter) {
  if (tensor.sizes() != parameter.sizes()) {
    std::ostringstream message;
    message << "has shape " << parameter.sizes() << ", but its " << what << " has " << tensor.sizes();
    refuse(index, message.str());
  }
  if (!is_in_storage(tensor)) refuse(index, std::string("has a ") + what + " whose shape reaches beyond its memory");
}

void follow(std::size_t index, const char* what, at::Tensor& state, const at::Tensor& parameter) {
  if (!state.defined()) return;
  require_sizes(index, what, state, parameter);
  if (!same_layout(state, parameter)) state = at::empty_like(parameter).copy_(state);
}

void require_dense(std::size_t index, const at::Tensor& parameter) {
  if (!parameter.is_non_overlapping_and_dense() || !is_in_storage(parameter)) {
    refuse(index, "has holes or overlaps in its memory. Call clone() first");
  }
}

at::Tensor zero_state(const at::Tensor& parameter) {
  return at::zeros_like(parameter, parameter.options().requires_grad(false), at::MemoryFormat::Preserve);
}

void require_number(const char* what, const at::Tensor& tensor) {
  if (!tensor.defined() || (tensor.scalar_type() == at::kFloat && tensor.numel() == 1 && is_in_storage(tensor))) return;
  std::ostringstream message;
  message << "optimizer: " << what << " is a tensor " << tensor.toString() << tensor.sizes()
          << ", expected one float32 number";
  throw std::invalid_argument(message.str());
}

// One such value would make the whole parameter NaN at the next step.
void require_loadable(std::size_t index, const std::string& name, const at::Tensor& value, bool is_step) {
  const std::string found = "has a loaded state " + name;
  if (value.is_complex() || value.layout() != at::kStrided || value.is_quantized())
    refuse(index, found + " of " + value.toString() + ", expected a dense tensor of real numbers");
  if (is_step) {
    const double steps = value.reshape({}).item().toDouble();
    if (!(steps >= 0 && steps == std::floor(steps) && std::isfinite(steps)))
      refuse(index, found + " of " + std::to_string(steps) + ", expected a number of steps");
  } else if (value.is_floating_point() && value.isnan().any().item<bool>()) {
    refuse(index, found + " with NaN. The training that wrote it had failed: use an earlier state");
  } else if (name.find("_sq") != std::string::npos && value.lt(0).any().item<bool>()) {
    refuse(index, found + " with negative numbers, expected means of squares. The file is damaged");
  }
}

struct Field {
  const char* name;
  at::Tensor ParameterState::* member;
};

// Python's names in Python's order.
constexpr Field kFields[] = {{"step", &ParameterState::step},
                             {"exp_avg", &ParameterState::exp_avg},
                             {"exp_avg_sq", &ParameterState::exp_avg_sq},
                             {"max_exp_avg_sq", &ParameterState::max_exp_avg_sq},
                             {"momentum_buffer", &ParameterState::momentum_buffer}};

std::vector<at::Tensor> gather(const std::vector<ParameterState>& states, const std::vector<std::size_t>& members,
                               at::Tensor ParameterState::* field) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(members.size());
  for (const std::size_t member : members) tensors.push_back(states[member].*field);
  return tensors;
}

}  // namespace

FusedOptimizer::FusedOptimizer(Rule rule, std::vector<at::Tensor> parameters, OptimizerSettings settings)
    : rule_(rule), parameters_(std::move(parameters)), settings_(settings), states_(parameters_.size()) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& parameter = parameters_[i];
    if (!parameter.is_leaf()) refuse(i, "is the result of an operator, expected a leaf tensor");
    if (!parameter.is_floating_point()) refuse(i, "is not a floating-point tensor");
    require_dense(i, parameter);
    for (std::size_t j = 0; j < i; ++j) {
      if (parameters_[j].is_same(parameter)) refuse(i, "is the same tensor as parameter " + std::to_string(j));
    }
  }
}

void FusedOptimizer::zero_grad() {
  for (const at::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
}

void FusedOptimizer::prepare_state(std::size_t index) {
  const at::Tensor& parameter = parameters_[index];
  ParameterState& state = states_[index];
  if (rule_ == Rule::kSgd) {
    follow(index, "momentum_buffer", state.momentum_buffer, parameter);
    return;
  }
  if (!state.step.defined()) {
    state.step = at::zeros({}, parameter.options().dtype(at::kFloat).requires_grad(false));
    state.exp_avg = zero_state(parameter);
    state.exp_avg_sq = zero_state(parameter);
  }
  if (settings_.amsgrad && !state.max_exp_avg_sq.defined()) state.max_exp_avg_sq = zero_state(parameter);
  if (state.step.numel() != 1 || state.step.scalar_type() != at::kFloat || !is_in_storage(state.step)) {
    refuse(index, "has a state step that is not one float32 number");
  }
  if (state.step.device() != parameter.device()) state.step = state.step.to(parameter.device());
  follow(index, "exp_avg", state.exp_avg, parameter);
  follow(index, "exp_avg_sq", state.exp_avg_sq, parameter);
  follow(index, "max_exp_avg_sq", state.max_exp_avg_sq, parameter);
}

void FusedOptimizer::step(const at::Tensor& found_inf, const at::Tensor& lr) {
  require_number("the learning rate", lr);
  require_number("foundInf", found_inf);
  const c10::AutoGradMode no_grad(false);
  // One kernel call takes tensors of one device and dtype.
  std::map<std::pair<c10::Device, at::ScalarType>, std::vector<std::size_t>,
           bool (*)(const std::pair<c10::Device, at::ScalarType>&, const std::pair<c10::Device, at::ScalarType>&)>
      groups([](const auto& a, const auto& b) {
        return std::make_tuple(a.first.type(), a.first.index(), a.second) <
               std::make_tuple(b.first.type(), b.first.index(), b.second);
      });
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& gradient = parameters_[i].grad();
    if (!gradient.defined()) continue;
    if (gradient.layout() != at::kStrided) refuse(i, "has a sparse gradient, expected a dense one");
    require_dense(i, parameters_[i]);
    require_sizes(i, "gradient", gradient, parameters_[i]);
    prepare_state(i);
    groups[{parameters_[i].device(), parameters_[i].scalar_type()}].push_back(i);
  }
  for (const auto& [key, members] : groups) step_group(members, found_inf, lr);
}

void FusedOptimizer::step_group(const std::vector<std::size_t>& members, const at::Tensor& found_inf,
                                const at::Tensor& lr) {
  std::vector<at::Tensor> parameters, gradients;
  parameters.reserve(members.size());
  gradients.reserve(members.size());
  for (const std::size_t member : members) {
    const at::Tensor& parameter = parameters_[member];
    at::Tensor gradient = parameter.grad();
    if (!same_layout(gradient, parameter)) gradient = at::empty_like(parameter).copy_(gradient);
    parameters.push_back(parameter);
    gradients.push_back(std::move(gradient));
  }
  std::optional<at::Tensor> inf;
  if (found_inf.defined()) inf = found_inf.to(parameters[0].device());
  const at::Tensor device_lr = lr.defined() ? lr.reshape({}).to(parameters[0].device()) : lr;
  if (rule_ == Rule::kSgd) {
    step_sgd(members, parameters, gradients, inf, device_lr);
  } else {
    step_adam(members, parameters, gradients, inf, device_lr);
  }
  // The fused operators change parameters behind autograd's back: without this it would miss an in-place change
  // between a forward pass and its backward pass.
  for (const at::Tensor& parameter : parameters) parameter.unsafeGetTensorImpl()->bump_version();
}

void FusedOptimizer::step_adam(const std::vector<std::size_t>& members, std::vector<at::Tensor>& parameters,
                               std::vector<at::Tensor>& gradients, const std::optional<at::Tensor>& found_inf,
                               const at::Tensor& lr) {
  auto steps = gather(states_, members, &ParameterState::step);
  auto exp_avgs = gather(states_, members, &ParameterState::exp_avg);
  auto exp_avg_sqs = gather(states_, members, &ParameterState::exp_avg_sq);
  std::vector<at::Tensor> maxima;
  if (settings_.amsgrad) maxima = gather(states_, members, &ParameterState::max_exp_avg_sq);
  at::_foreach_add_(steps, 1);
  const auto& s = settings_;
  const auto apply = [&](const auto& rate) {
    const auto fused = [&](auto&& function) {
      function(parameters, gradients, exp_avgs, exp_avg_sqs, maxima, steps, rate, s.beta1, s.beta2, s.weight_decay,
               s.eps, s.amsgrad, s.maximize, std::nullopt, found_inf);
    };
    if (rule_ == Rule::kAdam) {
      fused([](auto&&... arguments) { at::_fused_adam_(arguments...); });
    } else {
      fused([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
    }
  };
  if (lr.defined()) {
    apply(lr);
  } else {
    apply(s.lr);
  }
  // A skipped step does not count.
  if (found_inf) at::_foreach_sub_(steps, std::vector<at::Tensor>(steps.size(), found_inf->reshape({}).to(at::kFloat)));
}

void FusedOptimizer::step_sgd(const std::vector<std::size_t>& members, std::vector<at::Tensor>& parameters,
                              std::vector<at::Tensor>& gradients, const std::optional<at::Tensor>& found_inf,
                              const at::Tensor& lr) {
  const auto& s = settings_;
  // The first step of a parameter fills its buffer with the undamped gradient, so these parameters form a group.
  struct Part {
    std::vector<at::Tensor> parameters, gradients, buffers;
  } first_time, again;
  for (std::size_t i = 0; i < members.size(); ++i) {
    at::Tensor& buffer = states_[members[i]].momentum_buffer;
    const bool first = s.momentum != 0 && !buffer.defined();
    Part& part = first ? first_time : again;
    if (first) buffer = zero_state(parameters[i]);
    part.parameters.push_back(parameters[i]);
    part.gradients.push_back(gradients[i]);
    if (s.momentum != 0) part.buffers.push_back(buffer);
  }
  for (Part* part : {&first_time, &again}) {
    if (part->parameters.empty()) continue;
    const auto apply = [&, part = part](const auto& rate) {
      at::_fused_sgd_(part->parameters, part->gradients, part->buffers, s.weight_decay, s.momentum, rate, s.dampening,
                      s.nesterov, s.maximize, part == &first_time, std::nullopt, found_inf);
    };
    if (lr.defined()) {
      apply(lr);
    } else {
      apply(s.lr);
    }
  }
}

NamedState FusedOptimizer::state_of(std::size_t index) const {
  const ParameterState& state = states_.at(index);
  NamedState named;
  for (const auto& [name, field] : kFields) {
    if ((state.*field).defined()) named.emplace_back(name, state.*field);
  }
  return named;
}

void FusedOptimizer::load_states(const std::vector<NamedState>& states) {
  const c10::AutoGradMode no_grad(false);
  std::vector<ParameterState> loaded;
  for (std::size_t i = 0; i < parameters_.size(); ++i) loaded.push_back(loaded_state(i, states.at(i)));
  states_ = std::move(loaded);
}

ParameterState FusedOptimizer::loaded_state(std::size_t index, const NamedState& state) const {
  const at::Tensor& parameter = parameters_.at(index);
  ParameterState loaded;
  for (const auto& [name, value] : state) {
    at::Tensor ParameterState::* field = nullptr;
    for (const auto& [known, member] : kFields) {
      if (name == known && (std::string(known) == "momentum_buffer") == (rule_ == Rule::kSgd)) field = member;
    }
    if (field == nullptr) refuse(index, "has no state named " + name + " in this optimizer");
    const bool is_step = field == &ParameterState::step;
    if (is_step ? value.numel() != 1 : value.sizes() != parameter.sizes()) {
      std::ostringstream message;
      message << "has shape " << parameter.sizes() << ", but its loaded state " << name << " has " << value.sizes();
      refuse(index, message.str());
    }
    require_loadable(index, name, value, is_step);
    loaded.*field =
        is_step ? at::zeros({}, parameter.options().dtype(at::kFloat).requires_grad(false)) : zero_state(parameter);
    (loaded.*field).copy_(is_step ? value.reshape({}) : value);
  }
  if (rule_ != Rule::kSgd && loaded.step.defined() != (loaded.exp_avg.defined() && loaded.exp_avg_sq.defined())) {
    refuse(index, "has an incomplete state: step, exp_avg and exp_avg_sq belong together");
  }
  return loaded;
}

}  // namespace nodule
