// ReLU followed by batch norm in one operator, forward and backward, for the CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace nodule {

/// y = (max(x, 0) - mean) / sqrt(variance + eps) * weight + bias for each channel of x, [B, C, H, W]; Ioffe and Szegedy
/// 2015. In training, mean and (biased) variance are taken over [B, H, W], and the running statistics, [C], move
/// towards them by `momentum` (with the unbiased variance); otherwise the running statistics are used. The result is
/// contiguous or channels-last, like the input. Cases without a CPU kernel (GPU, float16, gradients outside training)
/// use ATen's ReLU and batch norm.
at::Tensor relu_batch_norm(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                           const at::Tensor& running_mean, const at::Tensor& running_var, bool training,
                           double momentum, double eps);

}  // namespace nodule
