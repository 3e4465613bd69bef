#include "inference/unet_layers.h"

#include <torch/nn/options/batchnorm.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace nodule {
namespace {

std::vector<double> read(const at::Tensor& values) {
  const at::Tensor wide = values.detach().to(at::kDouble).contiguous();
  return {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()};
}

std::vector<float> padded(const std::vector<double>& values, int blocks) {
  std::vector<float> out(static_cast<std::size_t>(blocks) * kBlock);
  std::copy(values.begin(), values.end(), out.begin());
  return out;
}

/// Orders weights as the kernels read them: [product][group of blocks][input channel][channel of the group].
/// @param value gives the weight of a product, an input and an output channel
template <typename Value>
Memory pack_weights(int products, std::int64_t inputs, std::int64_t outputs, int group, const Value& value) {
  const int blocks = blocks_for(outputs);
  Memory memory(static_cast<std::size_t>(products) * inputs * blocks * kBlock);
  float* to = memory.data();
  for (int p = 0; p < products; ++p)
    for (int g = 0; g < blocks; g += group)
      for (std::int64_t i = 0; i < inputs; ++i)
        for (std::int64_t o = g * kBlock; o < std::min(g + group, blocks) * kBlock; ++o)
          *to++ = o < outputs ? static_cast<float>(value(p, i, o)) : 0.0f;
  return memory;
}

}  // namespace

Layer::Layer(std::int64_t channels, int height, int width, int rows) : height(height), width(width), rows(rows) {
  for (; channels > 0; channels -= kBlock) counts.push_back(static_cast<int>(std::min<std::int64_t>(channels, kBlock)));
  row_size = static_cast<std::ptrdiff_t>(width + kMarginBefore + kMarginAfter) * kBlock;
  block_size = row_size * rows;
  memory = Memory(block_size * counts.size());
  for (std::ptrdiff_t row = 0; row < static_cast<std::ptrdiff_t>(counts.size()) * rows; ++row) {
    float* const from = memory.data() + row * row_size;
    std::memset(from, 0, kMarginBefore * kBlock * sizeof(float));
    std::memset(from + (width + kMarginBefore) * kBlock, 0, kMarginAfter * kBlock * sizeof(float));
  }
}

Affine::Affine(const Tensors& tensors, const std::string& name) {
  scale = read(tensors.at(name + "weight"));
  shift = read(tensors.at(name + "bias"));
  const std::vector<double> mean = read(tensors.at(name + "running_mean")),
                            variance = read(tensors.at(name + "running_var"));
  const double eps = torch::nn::BatchNorm2dOptions(1).eps();
  for (std::size_t c = 0; c < scale.size(); ++c) {
    scale[c] /= std::sqrt(variance[c] + eps);
    shift[c] -= mean[c] * scale[c];
  }
}

Convolution::Convolution(const Tensors& tensors, const std::string& name, const std::string& norm, bool padded_input,
                         int group)
    : padding(padded_input ? 1 : 0) {
  const at::Tensor weight = tensors.at(name + "weight");
  channels = weight.size(0);
  inputs = static_cast<int>(weight.size(1));
  blocks = blocks_for(channels);
  bias = padded(read(tensors.at(name + "bias")), blocks);
  scale = padded(std::vector<double>(channels, 1), blocks);
  shift = padded({}, blocks);
  if (!norm.empty()) {
    const Affine affine(tensors, norm);
    scale = padded(affine.scale, blocks);
    shift = padded(affine.shift, blocks);
  }
  // G g Gᵀ for each kernel g; a row of G is (1, p, p²) / N for a point p.
  const double a = std::sqrt(0.5), b = std::sqrt(2.0);
  const double points[5] = {0, a, -a, b, -b}, scales[5] = {1, -1.5, -1.5, 6, 6};
  double g[kTileIn][3] = {};
  for (int row = 0; row < 5; ++row)
    for (int column = 0; column < 3; ++column) g[row][column] = std::pow(points[row], column) / scales[row];
  g[5][2] = 1;
  const std::vector<double> kernels = read(weight);
  weights = pack_weights(kProducts, inputs, channels, group, [&](int product, std::int64_t i, std::int64_t o) {
    const double* const kernel = &kernels[(o * inputs + i) * 9];
    double sum = 0;
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 3; ++x) sum += g[product / kTileIn][y] * kernel[y * 3 + x] * g[product % kTileIn][x];
    return sum;
  });
}

Pointwise::Pointwise(const Tensors& tensors, const std::string& name, bool transposed, int group) {
  const at::Tensor weight = tensors.at(name + "weight");
  channels = weight.size(transposed ? 1 : 0);
  inputs = static_cast<int>(weight.size(transposed ? 0 : 1));
  blocks = blocks_for(channels);
  bias = padded(read(tensors.at(name + "bias")), blocks);
  const std::vector<double> values = read(weight);
  for (int at = 0; at < (transposed ? 4 : 1); ++at)
    weights.push_back(pack_weights(1, inputs, channels, group, [&](int, std::int64_t i, std::int64_t o) {
      return transposed ? values[(i * channels + o) * 4 + at] : values[o * inputs + i];
    }));
}

void Pointwise::apply(const UNetKernels& kernels, int at, const Layer& from, int y, float* out,
                      std::ptrdiff_t out_pixel, std::ptrdiff_t out_block, int pixels) const {
  PointwiseRow row{};
  row.input = from.row(0, y);
  row.input_block = from.block_size;
  row.counts = from.counts.data();
  row.blocks = from.blocks();
  row.depth = inputs;
  row.weights = weights[at].data();
  row.bias = bias.data();
  row.out_blocks = blocks;
  row.out = out;
  row.out_pixel = out_pixel;
  row.out_block = out_block;
  row.pixels = pixels;
  kernels.pointwise(row);
}

}  // namespace nodule
