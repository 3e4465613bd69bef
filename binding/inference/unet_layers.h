// The prepared layers of unet_inference.cc: memory of activations, and weights in the order in which kernels read them.
#pragma once

#include <ATen/ops/empty.h>

#include <map>
#include <string>
#include <vector>

#include "inference/unet_kernels.h"

namespace nodule {

using Tensors = std::map<std::string, at::Tensor>;

inline int blocks_for(std::int64_t channels) { return static_cast<int>((channels + kBlock - 1) / kBlock); }

/// float32 memory aligned to a cache line, from libtorch's allocator.
class Memory {
 public:
  explicit Memory(std::size_t size = 0) : tensor_(at::empty({static_cast<std::int64_t>(size)}, at::kFloat)) {}
  float* data() const { return tensor_.data_ptr<float>(); }

 private:
  at::Tensor tensor_;
};

/// The values of one layer in blocks of 16 channels: all rows, or a ring of the latest.
struct Layer {
  Memory memory;
  std::vector<int> counts;  // channels in use of each block
  int height = 0, width = 0, rows = 0;
  std::ptrdiff_t row_size = 0, block_size = 0;

  Layer() = default;
  /// @param rows height for all rows, less for a ring
  Layer(std::int64_t channels, int height, int width, int rows);

  int blocks() const { return static_cast<int>(counts.size()); }
  /// The first pixel of row y.
  float* row(int block, int y) const {
    return memory.data() + block * block_size + (y % rows) * row_size + kMarginBefore * kBlock;
  }
};

/// A batch norm as scale and shift.
struct Affine {
  std::vector<double> scale, shift;

  /// @param name ends with a dot, as below
  Affine(const Tensors& tensors, const std::string& name);
};

/// A 3×3 convolution with ReLU and batch norm.
struct Convolution {
  Memory weights;
  std::vector<float> bias, scale, shift;
  int inputs = 0, blocks = 0, padding = 0;
  std::int64_t channels = 0;

  /// @param norm empty without batch norm
  /// @param group of the kernels
  Convolution(const Tensors& tensors, const std::string& name, const std::string& norm, bool padded_input, int group);
};

/// A 1×1 convolution, or the four of a 2×2 transposed one with stride 2.
struct Pointwise {
  std::vector<Memory> weights;
  std::vector<float> bias;
  int inputs = 0, blocks = 0;
  std::int64_t channels = 0;

  Pointwise(const Tensors& tensors, const std::string& name, bool transposed, int group);

  /// Applies the one at `at` to a row: out [pixels][out_pixel].
  void apply(const UNetKernels& kernels, int at, const Layer& from, int y, float* out, std::ptrdiff_t out_pixel,
             std::ptrdiff_t out_block, int pixels) const;
};

}  // namespace nodule
