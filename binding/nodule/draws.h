// The columns of the random parameters `draws`, float64 [positions, kDrawColumns], that draw_epoch writes and
// crop_augment reads. float64 holds every integer below 2^53, so one table carries indices, keys and matrices.
#pragma once

namespace nodule {

enum DrawColumn {
  kCrop = 0,          // row of the crop table
  kRowOffset = 1,     // the window's first row in its plane
  kColumnOffset = 2,  // the window's first column
  kAffine = 3,        // six numbers, row-major 2x3, as torch's affine_grid takes them (x = columns first)
  kNoise = 9,         // standard deviation of the noise
  kNoiseKey0 = 10,    // key of the generator for this position's noise
  kNoiseKey1 = 11,
  kMirror = 12,  // 1: the slices in reverse order
  // How many slices at the start and at the end of the stack are replaced by their inner neighbour, as beyond a scan's
  // ends.
  kCutFirst = 13,
  kCutLast = 14,
  kDrawColumns = 15,
};

}  // namespace nodule
