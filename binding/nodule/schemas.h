// The schemas of our own operators, without their namespace.
#pragma once

namespace nodule {

constexpr const char* kPhiloxSchema = "philox4x32_10(Tensor counters, Tensor keys) -> Tensor";

constexpr const char* kDrawEpochSchema =
    "draw_epoch(Tensor positive_groups, Tensor negative_groups, Tensor focus, int positions, int seed, int epoch, "
    "int rows, int columns, int window, float negative_share, bool flip, bool flip_slices, float offset, float "
    "scale, bool rotate, float noise, bool offset_no_op=False, int transform_batch=1, "
    "int hide_edges=0, Tensor? hard_groups=None, float hard_share=0) -> Tensor";

constexpr const char* kCropAugmentSchema =
    "crop_augment(Tensor image, Tensor label, Tensor table, Tensor draws, Tensor(a!) cursor, int batch, int window, "
    "float clip_low, float clip_high, bool border_at_window=False, bool label_resample=False, "
    "bool noise_after_clamp=False, ScalarType? dtype=None) -> (Tensor, Tensor)";

}  // namespace nodule
