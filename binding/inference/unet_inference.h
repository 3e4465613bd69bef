// The evaluation pass of a U-Net on the CPU, without gradients, several times faster than layer by layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "nn/unet.h"

namespace nodule {

/// Prepared weights of one network: transformed for Winograd's convolution and laid out in the order of their use.
/// Convolution, bias, ReLU and batch norm are one pass; pooling, upsampling and concatenation produce the few rows that
/// the next convolution reads, so that most values never leave the cache. A NaN or an infinite value of the input
/// reaches the whole 4×4 tile of a convolution. Results do not depend on the number of threads; a part of an image
/// cut at multiples of 4 · 2^(depth-1) pixels gives the same bits as the image, beyond the reach of its border.
class UNetInference {
 public:
  /// Tells whether the network, its weights and the input fit: float32 on the CPU, at most 256 channels in a level.
  static bool supports(const UNetOptions& options, const std::vector<NamedTensor>& tensors, const at::Tensor& input);

  UNetInference(const UNetOptions& options, const std::vector<NamedTensor>& tensors);
  ~UNetInference();

  /// Tells whether the weights are those that were prepared: the same memory, not written since.
  bool is_current(const std::vector<NamedTensor>& tensors) const;

  /// @param input [B, C, H, W], checked
  /// @returns [B, classes, H', W'] like UNetModel::forward, equal to about 1e-6 of the largest value
  at::Tensor forward(const at::Tensor& input) const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace nodule
