// The loops of unet_inference.cc, compiled for several instruction sets; one is chosen when a network is prepared.
//
// Activations are kept in blocks of 16 channels: a row of a block is [width][16]. A row has a margin of zeros on both
// sides, so that padding and incomplete tiles read zeros. Convolutions of 3×3 are Winograd's F(4×4, 3×3): 6×6 values of
// the input give 4×4 of the output with 36 products instead of 144 (Lavin and Gray 2016), at the points 0, ±1/√2, ±√2
// and infinity, whose rounding error is three times smaller than that of 0, ±1, ±2 and infinity.
#pragma once

#include <cstddef>

namespace nodule {

/// Channels of a block.
constexpr int kBlock = 16;
/// Products of a tile, and the width and height of a tile's input and output.
constexpr int kProducts = 36, kTileIn = 6, kTileOut = 4;
/// Tiles that are multiplied together, at most.
constexpr int kTiles = 8;
/// Pixels of zeros before and after a row.
constexpr int kMarginBefore = 1, kMarginAfter = 8;

/// One row of tiles of a 3×3 convolution, with its bias, ReLU and batch norm.
struct ConvolutionRow {
  const float* const* rows;  // [blocks][6]: the first pixel that the first tile reads in each row
  const int* counts;         // [blocks]: channels in use
  int blocks;
  int depth;             // sum of counts
  const float* weights;  // by pack_weights
  const float* bias;     // [out_blocks * 16], like scale and shift: y = max(x + bias, 0) * scale + shift
  const float* scale;
  const float* shift;
  int out_blocks;
  float* const* out;  // [out_blocks][4]: the first pixel of each row, null for a row that does not exist
  int width;          // of the output
  float* scratch;     // scratch_size(blocks) floats
};

/// A 1×1 convolution: out = input × weights + bias, [pixels, counts] × [counts, out_blocks * 16].
struct PointwiseRow {
  const float* input;
  std::ptrdiff_t input_block;  // floats from one block to the next
  const int* counts;
  int blocks;
  int depth;
  const float* weights;  // by pack_weights with one product
  const float* bias;     // [out_blocks * 16]
  int out_blocks;
  float* out;
  std::ptrdiff_t out_pixel, out_block;
  int pixels;
};

struct UNetKernels {
  const char* name;
  /// Blocks of output channels whose weights are side by side.
  int group;
  void (*convolution)(const ConvolutionRow&);
  void (*pointwise)(const PointwiseRow&);
  /// Halves two rows to one of `width` pixels, by average or maximum.
  void (*pool)(const float* first, const float* second, float* out, int width, bool average);
  /// 1 / (1 + exp(-x)) in place. ATen computes the last values of each thread otherwise than the others.
  void (*sigmoid)(float* values, int count);
};

constexpr std::size_t scratch_size(int blocks) {
  return kProducts * (static_cast<std::size_t>(blocks + 2) * kTiles * kBlock + 2 * kBlock);
}

#if defined(__x86_64__)
const UNetKernels& avx512_kernels();
const UNetKernels& avx2_kernels();
#endif
const UNetKernels& generic_kernels();

}  // namespace nodule
