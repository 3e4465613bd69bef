// Dice losses, one value per sample, in one autograd node each: the forward pass reads prediction and target once, the
// backward pass is one multiply-add over the target.
#pragma once

#include <ATen/core/Tensor.h>

namespace nodule {

// 1 - (2 sum(p y) + smooth) / (sum(p) + sum(y) + smooth) over all but the first axis. [B, ...], [B, ...] -> [B].
at::Tensor dice_loss(const at::Tensor& prediction, const at::Tensor& target, double smooth);

// dice(p, y) + positive_weight * dice(p y, y): the second term covers only the target's pixels, so it penalizes false
// negatives and never false positives.
at::Tensor dice_with_positives_loss(const at::Tensor& prediction, const at::Tensor& target, double smooth,
                                    double positive_weight);

}  // namespace nodule
