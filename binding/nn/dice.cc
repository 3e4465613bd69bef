#include "nn/dice.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <stdexcept>

#include "core/slots.h"
#include "nn/init.h"

namespace nodule {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Sums {
  at::Tensor twice, size, positive_twice, positive_size;  // [B, 1]
};

Sums sums_of(const at::Tensor& prediction, const at::Tensor& target, double smooth, bool positives) {
  Sums sums;
  const at::Tensor product = prediction * target;
  const at::Tensor overlap = product.sum(1, true);
  const at::Tensor target_sum = target.sum(1, true);
  sums.twice = overlap * 2 + smooth;
  sums.size = prediction.sum(1, true) + target_sum + smooth;
  if (positives) {
    sums.positive_twice = (product * target).sum(1, true) * 2 + smooth;
    sums.positive_size = overlap + target_sum + smooth;
  }
  return sums;
}

// With S = sum(p) + sum(y) + s and I = 2 sum(p y) + s: d loss / d p = I / S^2 - (2 / S) y, and the same with p and y
// exchanged. The term on the positives has p y in place of p: d / d p = (I2 / S2^2) y - (2 / S2) y^2.
struct DiceFunction : torch::autograd::Function<DiceFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& prediction, const at::Tensor& target,
                            double smooth, double positive_weight) {
    const Sums sums = sums_of(prediction, target, smooth, positive_weight != 0);
    at::Tensor loss = 1 - sums.twice / sums.size;
    if (positive_weight != 0) loss = loss + (1 - sums.positive_twice / sums.positive_size) * positive_weight;
    context->save_for_backward({prediction, target, sums.twice, sums.size, sums.positive_twice, sums.positive_size});
    context->saved_data["smooth"] = smooth;
    context->saved_data["positive_weight"] = positive_weight;
    return loss.squeeze(1);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &prediction = saved[0], &target = saved[1];
    const double positive_weight = context->saved_data["positive_weight"].toDouble();
    const bool positives = positive_weight != 0;
    // A second derivative needs the sums as functions of the prediction, not as the saved constants.
    const Sums sums = at::GradMode::is_enabled()
                          ? sums_of(prediction, target, context->saved_data["smooth"].toDouble(), positives)
                          : Sums{saved[2], saved[3], saved[4], saved[5]};
    const at::Tensor gradient = gradients[0].unsqueeze(1);
    const at::Tensor constant = gradient * sums.twice / (sums.size * sums.size);
    const at::Tensor linear = gradient * -2 / sums.size;
    at::Tensor positive_gradient, positive_ratio;
    if (positives) {
      positive_gradient = gradient * positive_weight;
      positive_ratio = sums.positive_twice / (sums.positive_size * sums.positive_size);
    }
    at::Tensor prediction_gradient, target_gradient;
    if (context->needs_input_grad(0)) {
      at::Tensor slope = linear;
      if (positives) {
        slope = at::addcmul(linear + positive_gradient * positive_ratio, positive_gradient * -2 / sums.positive_size,
                            target);
      }
      prediction_gradient = at::addcmul(constant, slope, target);
    }
    if (context->needs_input_grad(1)) {
      target_gradient = at::addcmul(constant, linear, prediction);
      if (positives) {
        target_gradient = target_gradient + positive_gradient * (positive_ratio * (prediction + 1) -
                                                                 prediction * target * 4 / sums.positive_size);
      }
    }
    return {prediction_gradient, target_gradient, at::Tensor(), at::Tensor()};
  }
};

// Shapes, dtypes and devices are checked in src/torch/losses/checkPair.ts.
at::Tensor apply(const at::Tensor& prediction, const at::Tensor& target, double smooth, double positive_weight) {
  // Sums over thousands of pixels do not fit into float16 or bfloat16.
  const bool half = prediction.scalar_type() == at::kHalf || prediction.scalar_type() == at::kBFloat16;
  const at::ScalarType dtype = half ? at::kFloat : prediction.scalar_type();
  const std::int64_t batch = prediction.size(0);
  const std::int64_t pixels = batch == 0 ? 0 : prediction.numel() / batch;
  return DiceFunction::apply(prediction.to(dtype).reshape({batch, pixels}), target.to(dtype).reshape({batch, pixels}),
                             smooth, positive_weight);
}

}  // namespace

at::Tensor dice_loss(const at::Tensor& prediction, const at::Tensor& target, double smooth) {
  return apply(prediction, target, smooth, 0);
}

at::Tensor dice_with_positives_loss(const at::Tensor& prediction, const at::Tensor& target, double smooth,
                                    double positive_weight) {
  return apply(prediction, target, smooth, positive_weight);
}

void init_losses(Napi::Env env, Napi::Object exports) {
  exports.Set("diceLoss", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                return guard(info, [&] {
                  return slot_of(info.Env(),
                                 apply(tensor_at(info[0]), tensor_at(info[1]), info[2].As<Napi::Number>().DoubleValue(),
                                       info[3].As<Napi::Number>().DoubleValue()));
                });
              }));
}

}  // namespace nodule
