// Our own operators for tensors on CUDA. The plugin registers them for CUDA, the shim for the CPU in its own namespace.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

namespace nodule {

std::tuple<at::Tensor, at::Tensor> crop_augment_cuda(const at::Tensor& image, const at::Tensor& label,
                                                     const at::Tensor& table, const at::Tensor& draws,
                                                     at::Tensor& cursor, std::int64_t batch, std::int64_t window,
                                                     double clip_low, double clip_high, bool border_at_window,
                                                     bool label_resample, bool noise_after_clamp,
                                                     std::optional<at::ScalarType> dtype);

at::Tensor philox_cuda(const at::Tensor& counters, const at::Tensor& keys);

}  // namespace nodule
