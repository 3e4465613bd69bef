// ReLU and the batch norm behind it in one operator, forward and backward, for the CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace nodule {

/// y = (max(x, 0) - mean) / sqrt(variance + eps) * weight + bias of each channel of x, [B, C, H, W]; Ioffe and Szegedy
/// 2015. Where it trains, mean and (biased) variance are those over [B, H, W], and the running ones, [C], approach
/// them by `momentum` (the variance's unbiased); else the running ones are taken. Contiguous or channels-last, the
/// result as the input. What the CPU's kernels do not cover (a GPU, half, gradients outside training) goes through
/// ATen's ReLU and batch norm.
at::Tensor relu_batch_norm(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                           const at::Tensor& running_mean, const at::Tensor& running_var, bool training,
                           double momentum, double eps);

}  // namespace nodule
