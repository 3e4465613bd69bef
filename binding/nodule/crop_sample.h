// The arithmetic of crop_augment, shared by CPU and CUDA: additions, multiplications, comparisons and integer hashes
// only, compiled without fused multiply-add, so that both give bit-identical results.
#pragma once

#include <cstdint>

#include "nodule/draws.h"
#include "nodule/philox.h"

namespace nodule {

/// The window of one sample: the map from output pixels to the plane, and the limits of sampling.
template <class T>
struct Window {
  T xx, xy, x0, yx, yy, y0;          // plane x = xx*u + xy*v + x0 with u = 2*column + 1 - size, v = 2*row + 1 - size
  int low_x, high_x, low_y, high_y;  // border: coordinates are clamped to it, as padding_mode='border' does
  int size;
  bool mirror;              // slices in reverse order
  int cut_first, cut_last;  // slices replaced by their inner neighbour
  T noise;
  std::uint32_t key0, key1;
};

/// `draws` is one row of draw_epoch's result. affine_grid and grid_sample with align_corners=False place output pixel j
/// of S at x = ((a*(2j+1-S)/S + ... + 1)*S - 1)/2; the division by S cancels.
template <class T>
NODULE_HOST_DEVICE Window<T> make_window(const double* draws, int size, int rows, int columns, bool border_at_window) {
  Window<T> w;
  const double* a = draws + kAffine;
  const int first_row = static_cast<int>(draws[kRowOffset]);
  const int first_column = static_cast<int>(draws[kColumnOffset]);
  const double middle = 0.5 * (size - 1);
  w.xx = static_cast<T>(0.5 * a[0]);
  w.xy = static_cast<T>(0.5 * a[1]);
  w.x0 = static_cast<T>(0.5 * size * a[2] + middle + first_column);
  w.yx = static_cast<T>(0.5 * a[3]);
  w.yy = static_cast<T>(0.5 * a[4]);
  w.y0 = static_cast<T>(0.5 * size * a[5] + middle + first_row);
  w.low_x = border_at_window ? first_column : 0;
  w.low_y = border_at_window ? first_row : 0;
  w.high_x = border_at_window ? first_column + size - 1 : columns - 1;
  w.high_y = border_at_window ? first_row + size - 1 : rows - 1;
  w.size = size;
  w.mirror = draws[kMirror] != 0;
  w.cut_first = static_cast<int>(draws[kCutFirst]);
  w.cut_last = static_cast<int>(draws[kCutLast]);
  w.noise = static_cast<T>(draws[kNoise]);
  w.key0 = static_cast<std::uint32_t>(draws[kNoiseKey0]);
  w.key1 = static_cast<std::uint32_t>(draws[kNoiseKey1]);
  return w;
}

template <class T>
NODULE_HOST_DEVICE T clamp_to(T value, T low, T high) {
  return value < low ? low : (value > high ? high : value);
}

/// The index in the stack of slices that an output channel is sampled from.
template <class T>
NODULE_HOST_DEVICE std::int64_t slice_of(const Window<T>& w, std::int64_t channel, std::int64_t channels) {
  const std::int64_t place = w.mirror ? channels - 1 - channel : channel;
  return clamp_to<std::int64_t>(place, w.cut_first, channels - 1 - w.cut_last);
}

template <class T>
NODULE_HOST_DEVICE T source_x(const Window<T>& w, int row, int column) {
  return w.xx * static_cast<T>(2 * column + 1 - w.size) + (w.xy * static_cast<T>(2 * row + 1 - w.size) + w.x0);
}

template <class T>
NODULE_HOST_DEVICE T source_y(const Window<T>& w, int row, int column) {
  return w.yx * static_cast<T>(2 * column + 1 - w.size) + (w.yy * static_cast<T>(2 * row + 1 - w.size) + w.y0);
}

template <class T>
NODULE_HOST_DEVICE T clamped_x(const Window<T>& w, int row, int column) {
  return clamp_to(source_x(w, row, column), static_cast<T>(w.low_x), static_cast<T>(w.high_x));
}

template <class T>
NODULE_HOST_DEVICE T clamped_y(const Window<T>& w, int row, int column) {
  return clamp_to(source_y(w, row, column), static_cast<T>(w.low_y), static_cast<T>(w.high_y));
}

/// The four neighbours of a point, from `corner` to the right and down, and the weights between them; the same for
/// every channel of a sample. On the last row or column the neighbours are the last two, with a weight of 1: this gives
/// the value of the last one without a read beyond the plane.
template <class T>
struct Tap {
  int corner;
  T wx, wy;
};

template <class T>
NODULE_HOST_DEVICE Tap<T> make_tap(T x, T y, int rows, int columns) {
  const int left = clamp_to(static_cast<int>(x), 0, columns - 2);  // x is not negative, so truncation is floor
  const int top = clamp_to(static_cast<int>(y), 0, rows - 2);
  return {top * columns + left, x - static_cast<T>(left), y - static_cast<T>(top)};
}

/// Interpolates upper left, upper right, lower left and lower right: whole numbers, so their differences are exact.
template <class T>
NODULE_HOST_DEVICE T bilinear(T a, T b, T c, T d, T wx, T wy) {
  const T upper = a + wx * (b - a);
  const T lower = c + wx * (d - c);
  return upper + wy * (lower - upper);
}

template <class T, class Voxel>
NODULE_HOST_DEVICE T bilinear_at(const Voxel* plane, const Tap<T>& tap, int columns) {
  const Voxel* p = plane + tap.corner;
  return bilinear(static_cast<T>(p[0]), static_cast<T>(p[1]), static_cast<T>(p[columns]),
                  static_cast<T>(p[columns + 1]), tap.wx, tap.wy);
}

/// A standard normal number from 32 random bits without logarithm or cosine, whose last bit differs between machines:
/// the sum of the four bytes, mapped to normal quantiles by an odd polynomial (Teichroew's method, Knuth vol. 2, 3.4.1;
/// the coefficients are a least-squares fit to the exact quantiles of this sum). Variance 1, fourth moment 3.0001,
/// sixth 15.0006, 1,021 levels, absolute value at most 5.14.
template <class T>
NODULE_HOST_DEVICE T normal_from(std::uint32_t bits) {
  const std::uint32_t pairs = (bits & 0x00FF00FFu) + ((bits >> 8) & 0x00FF00FFu);
  const int sum = static_cast<int>((pairs & 0xFFFFu) + (pairs >> 16)) - 510;
  const T t = static_cast<T>(sum) * static_cast<T>(1.0 / 512.0);
  const T s = t * t;
  return t * (static_cast<T>(3.334259157216852) +
              s * (static_cast<T>(0.36923677942639826) +
                   s * (static_cast<T>(1.0047061663118142) +
                        s * (static_cast<T>(-2.4258643782207976) + s * static_cast<T>(2.923581575333981)))));
}

/// The counter for the noise of voxels 4*group … 4*group+3 of a sample, numbered over [channel, row, column].
NODULE_HOST_DEVICE Words noise_counter(std::uint32_t group) { return {{group, 0u, 0u, kStreamNoise}}; }

/// The label of the source voxel that contains the output pixel's centre. The expected area equals the nodule's at
/// every size; thresholding a bilinear sample at 0.5 loses 39 % of the area of a single voxel.
template <class T>
NODULE_HOST_DEVICE bool nearest_label(const std::uint8_t* plane, const Window<T>& w, int row, int column, int columns) {
  const T half = static_cast<T>(0.5);
  const int x = static_cast<int>(clamped_x(w, row, column) + half);
  const int y = static_cast<int>(clamped_y(w, row, column) + half);
  return plane[y * columns + x] != 0;
}

/// How far the cell of a pixel, the image of its square in the plane, extends to each side of its centre. The arguments
/// are half the step between pixels.
template <class T>
NODULE_HOST_DEVICE T cell_reach(T first, T second) {
  return (first < 0 ? -first : first) + (second < 0 ? -second : second);
}

/// The label of an output pixel, such that no nodule is lost: the nearest voxel's, or 1 where scaling down would skip a
/// labelled voxel (the voxel's centre is in this pixel's cell, and no pixel of the 3x3 around it is labelled). The
/// cells, images of the pixels' squares, tile the plane: a labelled voxel belongs to exactly one pixel, and a component
/// that no pixel hits keeps one pixel for each cell it touches.
template <class T>
NODULE_HOST_DEVICE bool kept_label(const std::uint8_t* plane, const Window<T>& w, int row, int column, int columns) {
  if (nearest_label(plane, w, row, column, columns)) return true;
  const T x = source_x(w, row, column), y = source_y(w, row, column);
  const T reach_x = cell_reach(w.xx, w.xy);
  const T reach_y = cell_reach(w.yx, w.yy);
  if (!(x + reach_x >= static_cast<T>(w.low_x) && x - reach_x <= static_cast<T>(w.high_x) &&
        y + reach_y >= static_cast<T>(w.low_y) && y - reach_y <= static_cast<T>(w.high_y)))
    return false;
  const int first_x = static_cast<int>(clamp_to(x - reach_x, static_cast<T>(w.low_x), static_cast<T>(w.high_x)));
  const int last_x = static_cast<int>(clamp_to(x + reach_x, static_cast<T>(w.low_x), static_cast<T>(w.high_x)));
  const int first_y = static_cast<int>(clamp_to(y - reach_y, static_cast<T>(w.low_y), static_cast<T>(w.high_y)));
  const int last_y = static_cast<int>(clamp_to(y + reach_y, static_cast<T>(w.low_y), static_cast<T>(w.high_y)));
  const T determinant = w.xx * w.yy - w.xy * w.yx;
  const T sign = determinant < 0 ? static_cast<T>(-1) : static_cast<T>(1);
  const T limit = sign * determinant;
  bool stepped_over = false;
  for (int vy = first_y; vy <= last_y && !stepped_over; ++vy) {
    for (int vx = first_x; vx <= last_x && !stepped_over; ++vx) {
      if (plane[vy * columns + vx] == 0) continue;
      const T dx = static_cast<T>(vx) - x, dy = static_cast<T>(vy) - y;
      // Inverse by the adjugate: pixel distance = adjugate * d / determinant; comparing it needs no division.
      const T along_column = sign * (w.yy * dx - w.xy * dy);
      const T along_row = sign * (w.xx * dy - w.yx * dx);
      stepped_over = along_column >= -limit && along_column < limit && along_row >= -limit && along_row < limit;
    }
  }
  if (!stepped_over) return false;
  for (int dr = -1; dr <= 1; ++dr)
    for (int dc = -1; dc <= 1; ++dc) {
      const int r = row + dr, c = column + dc;
      if (r < 0 || c < 0 || r >= w.size || c >= w.size) continue;
      if (nearest_label(plane, w, r, c, columns)) return false;
    }
  return true;
}

}  // namespace nodule
