// Checks of the arguments of crop_augment, the same on every device.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <optional>

#include "nodule/crop_planes.h"

namespace nodule {

inline void check_crop_arguments(const at::Tensor& image, const at::Tensor& label, const at::Tensor& table,
                                 const at::Tensor& draws, const at::Tensor& cursor, std::int64_t batch,
                                 std::int64_t window) {
  TORCH_CHECK(image.dim() == 3 && image.scalar_type() == at::kShort && image.is_contiguous(), "crop_augment: image is ",
              image.scalar_type(), " ", image.sizes(), ", expected contiguous int16 [planes, rows, columns]");
  TORCH_CHECK(image.size(1) >= 2 && image.size(2) >= 2, "crop_augment: image is ", image.sizes(),
              ", expected planes of at least 2x2 voxels");
  TORCH_CHECK(label.dim() == 3 && label.size(1) == image.size(1) && label.size(2) == image.size(2) &&
                  label.scalar_type() == at::kByte && label.is_contiguous(),
              "crop_augment: label is ", label.scalar_type(), " ", label.sizes(),
              ", expected contiguous uint8 [planes, ", image.size(1), ", ", image.size(2), "] like image");
  TORCH_CHECK(table.dim() == 2 && table.size(1) >= 2 && table.scalar_type() == at::kInt && table.is_contiguous(),
              "crop_augment: table is ", table.scalar_type(), " ", table.sizes(),
              ", expected contiguous int32 [crops, channels + 1]");
  TORCH_CHECK(draws.dim() == 2 && draws.size(0) > 0 && draws.size(1) == kDrawColumns &&
                  draws.scalar_type() == at::kDouble && draws.is_contiguous(),
              "crop_augment: draws is ", draws.scalar_type(), " ", draws.sizes(),
              ", expected contiguous float64 [positions, ", static_cast<int>(kDrawColumns), "] from draw_epoch");
  TORCH_CHECK(cursor.numel() == 1 && cursor.scalar_type() == at::kLong, "crop_augment: cursor is ",
              cursor.scalar_type(), " ", cursor.sizes(), ", expected one int64");
  TORCH_CHECK(batch > 0, "crop_augment: batch is ", batch, ", expected at least 1");
  TORCH_CHECK(window > 0 && window <= image.size(1) && window <= image.size(2), "crop_augment: window is ", window,
              ", expected 1 to ", std::min(image.size(1), image.size(2)), ", the planes' size");
  TORCH_CHECK(image.size(1) * image.size(2) < (std::int64_t{1} << 31), "crop_augment: image is ", image.sizes(),
              ", expected planes of fewer than 2^31 voxels");
}

inline at::ScalarType crop_dtype(std::optional<at::ScalarType> dtype) {
  const at::ScalarType type = dtype.value_or(at::kFloat);
  TORCH_CHECK(type == at::kFloat || type == at::kDouble, "crop_augment: dtype is ", type,
              ", expected float32 or float64");
  return type;
}

/// The planes of arguments that check_crop_arguments accepted.
inline CropPlanes planes_of(const at::Tensor& image, const at::Tensor& label, const at::Tensor& table) {
  return {image.const_data_ptr<std::int16_t>(),
          label.const_data_ptr<std::uint8_t>(),
          table.const_data_ptr<std::int32_t>(),
          image.size(1),
          image.size(2),
          table.size(1) - 1,
          table.size(0),
          image.size(0),
          label.size(0)};
}

}  // namespace nodule
