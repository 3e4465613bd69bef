#include "inference/unet_inference.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "inference/unet_kernels.h"
#include "inference/unet_layers.h"

namespace nodule {
namespace {

constexpr std::int64_t kMostChannels = 256;
/// Rows of a ring: the six rows of a tile and a pair of new ones; one row above two rows of tiles, whole tiles; a row
/// of tiles; and the three rows of an interpolation.
constexpr int kSourceRing = 8, kMiddleRing = 12, kTileRing = 4, kLowRing = 4;

int tiles_for(int size) { return (size + kTileOut - 1) / kTileOut; }

/// The fastest kernels within the capability that libtorch uses (ATEN_CPU_CAPABILITY lowers both).
const UNetKernels& choose_kernels() {
#if defined(__x86_64__)
  const std::string capability = at::get_cpu_capability();
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (wide && capability.rfind("AVX512", 0) == 0) return avx512_kernels();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && capability.rfind("AVX", 0) == 0)
    return avx2_kernels();
#endif
  return generic_kernels();
}

}  // namespace

struct UNetInference::Plan {
  UNetOptions options;
  const UNetKernels& kernels;
  std::vector<float> input_scale, input_shift;
  std::vector<std::array<Convolution, 2>> down, merge;
  std::vector<Pointwise> up;
  std::vector<Pointwise> last;
  /// Memory and version of each weight when it was prepared.
  std::vector<std::pair<const void*, std::uint32_t>> versions;

  Plan(const UNetOptions& options, const std::vector<NamedTensor>& named)
      : options(options), kernels(choose_kernels()), versions(versions_of(named)) {
    Tensors tensors;
    const std::string prefix = options.input_norm ? "unet." : "";
    for (const NamedTensor& each : named) tensors[each.name] = each.tensor;
    input_scale.assign(options.in_channels, 1);
    input_shift.assign(options.in_channels, 0);
    if (options.input_norm) {
      const Affine affine(tensors, "input_batchnorm.");
      input_scale.assign(affine.scale.begin(), affine.scale.end());
      input_shift.assign(affine.shift.begin(), affine.shift.end());
    }
    const auto pair = [&](const std::string& name) {
      const auto convolution = [&](int index) {
        const int at = index * (options.batch_norm ? 3 : 2);
        return Convolution(tensors, name + std::to_string(at) + ".",
                           options.batch_norm ? name + std::to_string(at + 2) + "." : "", options.padding,
                           kernels.group);
      };
      return std::array<Convolution, 2>{convolution(0), convolution(1)};
    };
    for (std::int64_t i = 0; i < options.depth; ++i)
      down.push_back(pair(prefix + "down_path." + std::to_string(i) + ".block."));
    for (std::int64_t i = 0; i + 1 < options.depth; ++i) {
      const std::string name = prefix + "up_path." + std::to_string(i) + ".";
      up.emplace_back(tensors, name + (options.upsample ? "up.1." : "up."), !options.upsample, kernels.group);
      merge.push_back(pair(name + "conv_block.block."));
    }
    last.emplace_back(tensors, prefix + "last.", false, kernels.group);
  }

  static std::vector<std::pair<const void*, std::uint32_t>> versions_of(const std::vector<NamedTensor>& tensors) {
    std::vector<std::pair<const void*, std::uint32_t>> out;
    for (const NamedTensor& each : tensors) out.emplace_back(each.tensor.const_data_ptr(), each.tensor._version());
    return out;
  }

  /// One image: [C, H, W] to [classes, H', W'].
  void run(const float* image, int height, int width, float* out) const;

  /// Output rows of a pair of convolutions, for the rows of tiles [from, to).
  struct Pair {
    const std::array<Convolution, 2>& convolutions;
    std::vector<const Layer*> sources;
    int height, width;  // of the sources
    int from, to;
  };
  template <typename Reach, typename Done>
  void run_pair(const Pair& pair, const Layer& out, const float* zeros, const Reach& reach, const Done& done) const;

  void convolve(const Convolution& convolution, const std::vector<const Layer*>& sources, int tile_row,
                const Layer& out, const float* zeros, float* scratch) const;

  /// Splits rows of tiles among the threads.
  template <typename Run>
  static void in_bands(int tile_rows, const Run& run) {
    const std::int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
    // Two rows of tiles are computed twice where bands meet, so a band has at least eight.
    const std::int64_t bands = std::clamp<std::int64_t>(tile_rows / 8, 1, threads);
    at::parallel_for(0, bands, 1, [&](std::int64_t first, std::int64_t end) {
      for (std::int64_t b = first; b < end; ++b)
        run(static_cast<int>(tile_rows * b / bands), static_cast<int>(tile_rows * (b + 1) / bands));
    });
  }

  void finish_row(const Layer& values, int y, float* row, float* out, int height, int width) const;
};

/// Computes one row of tiles of `out` from the rows of its sources, which are concatenated.
void UNetInference::Plan::convolve(const Convolution& convolution, const std::vector<const Layer*>& sources,
                                   int tile_row, const Layer& out, const float* zeros, float* scratch) const {
  std::vector<const float*> rows;
  std::vector<int> counts;
  for (const Layer* source : sources)
    for (int b = 0; b < source->blocks(); ++b) {
      counts.push_back(source->counts[b]);
      for (int i = 0; i < kTileIn; ++i) {
        const int y = tile_row * kTileOut - convolution.padding + i;
        const bool exists = y >= 0 && y < source->height;
        rows.push_back(exists ? source->row(b, y) - convolution.padding * kBlock : zeros);
      }
    }
  std::vector<float*> outputs;
  for (int b = 0; b < out.blocks(); ++b)
    for (int i = 0; i < kTileOut; ++i) {
      const int y = tile_row * kTileOut + i;
      outputs.push_back(y < out.height ? out.row(b, y) : nullptr);
    }
  ConvolutionRow row{};
  row.rows = rows.data();
  row.counts = counts.data();
  row.blocks = static_cast<int>(counts.size());
  row.depth = convolution.inputs;
  row.weights = convolution.weights.data();
  row.bias = convolution.bias.data();
  row.scale = convolution.scale.data();
  row.shift = convolution.shift.data();
  row.out_blocks = convolution.blocks;
  row.out = outputs.data();
  row.width = out.width;
  row.scratch = scratch;
  kernels.convolution(row);
}

/// Calls `reach(rows)` before rows of the sources are read and `done(from, to)` when rows of `out` are complete.
template <typename Reach, typename Done>
void UNetInference::Plan::run_pair(const Pair& pair, const Layer& out, const float* zeros, const Reach& reach,
                                   const Done& done) const {
  const auto& [first, second] = pair.convolutions;
  const int border = 2 - 2 * first.padding;
  const Layer middle(first.channels, pair.height - border, pair.width - border, kMiddleRing);
  int source_blocks = 0;
  for (const Layer* source : pair.sources) source_blocks += source->blocks();
  const Memory scratch(scratch_size(std::max(source_blocks, middle.blocks())));
  int next = std::max(0, pair.from * kTileOut - second.padding) / kTileOut;
  for (int t = pair.from; t < pair.to; ++t) {
    const int read = std::min(t * kTileOut - second.padding + kTileIn, middle.height);
    for (; next * kTileOut < read; ++next) {
      reach(std::min(next * kTileOut - first.padding + kTileIn, pair.height));
      convolve(first, pair.sources, next, middle, zeros, scratch.data());
    }
    convolve(second, {&middle}, t, out, zeros, scratch.data());
    done(t * kTileOut, std::min((t + 1) * kTileOut, out.height));
  }
}

/// The last convolution, 1×1, on one row.
void UNetInference::Plan::finish_row(const Layer& values, int y, float* row, float* out, int height, int width) const {
  const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(width) * kBlock;
  last[0].apply(kernels, 0, values, y, row, kBlock, block, width);
  for (std::int64_t c = 0; c < options.classes; ++c) {
    const float* const from = row + c / kBlock * block + c % kBlock;
    float* const to = out + (c * height + y) * width;
    for (int x = 0; x < width; ++x) to[x] = from[x * kBlock];
    if (options.sigmoid) kernels.sigmoid(to, width);
  }
}

void UNetInference::Plan::run(const float* image, int height, int width, float* out) const {
  const int border = options.padding ? 0 : 4, depth = static_cast<int>(options.depth);
  const std::vector<float> zeros(static_cast<std::size_t>(width + kMarginBefore + kMarginAfter) * kBlock);
  const auto finish = [&](const Layer& values, std::vector<float>& row, int from, int to) {
    row.resize(static_cast<std::size_t>(last[0].blocks) * values.width * kBlock);
    for (int y = from; y < to; ++y) finish_row(values, y, row.data(), out, values.height, values.width);
  };

  std::vector<Layer> bridges;
  Layer below;  // the values of the level below, or in the way down those of the level above, pooled
  int h = height, w = width;
  for (int level = 0; level < depth; ++level) {
    const auto& pair = down[level];
    const int out_h = h - border, out_w = w - border;
    const bool is_lowest = level + 1 == depth;
    Layer values;
    if (depth > 1) values = Layer(pair[1].channels, out_h, out_w, out_h);
    Layer pooled;
    if (!is_lowest) pooled = Layer(pair[1].channels, out_h / 2, out_w / 2, out_h / 2);
    in_bands(tiles_for(out_h), [&](int from, int to) {
      Layer packed, ring;
      const Layer* source = &below;
      int made = 0;
      if (level == 0) {
        packed = Layer(options.in_channels, h, w, kSourceRing);
        source = &packed;
        made = std::max(0, (std::max(0, from * kTileOut - pair[1].padding) / kTileOut) * kTileOut - pair[0].padding);
      }
      // With one level only, each band has its own rows.
      if (depth == 1) ring = Layer(pair[1].channels, out_h, out_w, kTileRing);
      const Layer& to_layer = depth == 1 ? ring : values;
      std::vector<float> row;
      run_pair(
          {pair, {source}, h, w, from, to}, to_layer, zeros.data(),
          [&](int rows) {
            if (level > 0) return;
            for (; made < rows; ++made)
              for (int b = 0; b < packed.blocks(); ++b) {
                float* const to_row = packed.row(b, made);
                if (packed.counts[b] < kBlock) std::memset(to_row, 0, sizeof(float) * w * kBlock);
                for (int c = 0; c < packed.counts[b]; ++c) {
                  const int channel = b * kBlock + c;
                  const float scale = input_scale[channel], shift = input_shift[channel];
                  const float* const plane = image + (static_cast<std::ptrdiff_t>(channel) * h + made) * w;
                  for (int x = 0; x < w; ++x) to_row[x * kBlock + c] = plane[x] * scale + shift;
                }
              }
          },
          [&](int first, int end) {
            if (depth == 1) return finish(to_layer, row, first, end);
            if (is_lowest) return;
            for (int y = first; y + 1 < end; y += 2)
              for (int b = 0; b < values.blocks(); ++b)
                kernels.pool(values.row(b, y), values.row(b, y + 1), pooled.row(b, y / 2), pooled.width,
                             options.average_pooling);
          });
    });
    if (depth == 1) return;
    if (is_lowest) {
      below = std::move(values);
    } else {
      bridges.push_back(std::move(values));
      below = std::move(pooled);
      h = out_h / 2;
      w = out_w / 2;
    }
  }

  for (int i = 0; i + 1 < depth; ++i) {
    const auto& pair = merge[i];
    const Pointwise& raise = up[i];
    const Layer bridge = std::move(bridges.back());
    bridges.pop_back();
    h = below.height * 2;
    w = below.width * 2;
    const int top = (bridge.height - h) / 2, left = (bridge.width - w) / 2;
    const bool is_last = i + 2 == depth, is_cropped = bridge.height != h || bridge.width != w;
    Layer values;
    if (!is_last) values = Layer(pair[1].channels, h - border, w - border, h - border);
    in_bands(tiles_for(h - border), [&](int from, int to) {
      const Layer raised(raise.channels, h, w, kSourceRing);
      // A bridge that is larger than this level is copied, because its margin has to be zero.
      Layer cropped, low, ring;
      if (is_cropped) cropped = Layer(pair[0].inputs - raise.channels, h, w, kSourceRing);
      // A 1×1 convolution and bilinear interpolation commute, and before it there is a quarter of the pixels.
      if (options.upsample) low = Layer(raise.channels, below.height, below.width, kLowRing);
      if (is_last) ring = Layer(pair[1].channels, h - border, w - border, kTileRing);
      const Layer& to_layer = is_last ? ring : values;
      const int first_tile = std::max(0, from * kTileOut - pair[1].padding) / kTileOut;
      int made = std::max(0, first_tile * kTileOut - pair[0].padding) / 2 * 2;
      int low_made = std::max(0, made / 2 - 1);
      std::vector<float> row;
      const auto raise_rows = [&](int y) {
        if (!options.upsample) {
          for (int at = 0; at < 4; ++at)
            raise.apply(kernels, at, below, y / 2, raised.row(0, y + at / 2) + at % 2 * kBlock, 2 * kBlock,
                        raised.block_size, below.width);
          return;
        }
        for (; low_made < std::min(y / 2 + 2, below.height); ++low_made)
          raise.apply(kernels, 0, below, low_made, low.row(0, low_made), kBlock, low.block_size, below.width);
        for (int half = 0; half < 2; ++half) {
          const int near = y / 2, far = std::clamp(near + (half == 0 ? -1 : 1), 0, below.height - 1);
          for (int b = 0; b < raised.blocks(); ++b) {
            const float *const nearest = low.row(b, near), *const other = low.row(b, far);
            float* const to_row = raised.row(b, y + half);
            for (int x = 0; x < w; ++x) {
              const int at = x / 2, beside = std::clamp(at + (x % 2 == 0 ? -1 : 1), 0, below.width - 1);
              for (int c = 0; c < kBlock; ++c)
                to_row[x * kBlock + c] =
                    0.75f * (0.75f * nearest[at * kBlock + c] + 0.25f * nearest[beside * kBlock + c]) +
                    0.25f * (0.75f * other[at * kBlock + c] + 0.25f * other[beside * kBlock + c]);
            }
          }
        }
      };
      run_pair(
          {pair, {&raised, is_cropped ? &cropped : &bridge}, h, w, from, to}, to_layer, zeros.data(),
          [&](int rows) {
            for (; made < rows; made += 2) {
              raise_rows(made);
              if (!is_cropped) continue;
              for (int y = made; y < made + 2; ++y)
                for (int b = 0; b < cropped.blocks(); ++b)
                  std::memcpy(cropped.row(b, y), bridge.row(b, y + top) + left * kBlock, sizeof(float) * w * kBlock);
            }
          },
          [&](int first, int end) {
            if (is_last) finish(to_layer, row, first, end);
          });
    });
    below = std::move(values);
  }
}

UNetInference::UNetInference(const UNetOptions& options, const std::vector<NamedTensor>& tensors)
    : plan_(std::make_unique<Plan>(options, tensors)) {}
UNetInference::~UNetInference() = default;

bool UNetInference::supports(const UNetOptions& options, const std::vector<NamedTensor>& tensors,
                             const at::Tensor& input) {
  if ((std::int64_t{1} << (options.wf + options.depth - 1)) > kMostChannels || options.in_channels > kMostChannels ||
      options.classes > kMostChannels)
    return false;
  if (!input.device().is_cpu() || input.scalar_type() != at::kFloat || input.layout() != at::kStrided) return false;
  for (const NamedTensor& each : tensors) {
    const at::Tensor& tensor = each.tensor;
    if (!tensor.device().is_cpu() || tensor.layout() != at::kStrided || tensor.is_inference()) return false;
    if (tensor.scalar_type() != at::kFloat && tensor.scalar_type() != at::kLong) return false;
  }
  return true;
}

bool UNetInference::is_current(const std::vector<NamedTensor>& tensors) const {
  return plan_->versions == Plan::versions_of(tensors);
}

at::Tensor UNetInference::forward(const at::Tensor& input) const {
  const at::Tensor image = input.contiguous();
  const UNetOptions& options = plan_->options;
  std::int64_t height = image.size(2), width = image.size(3);
  const std::int64_t border = options.padding ? 0 : 4;
  std::int64_t out_height = height, out_width = width;
  for (std::int64_t i = 0; i < options.depth; ++i) {
    out_height -= border;
    out_width -= border;
    if (i + 1 == options.depth) break;
    out_height /= 2;
    out_width /= 2;
  }
  for (std::int64_t i = 1; i < options.depth; ++i) {
    out_height = out_height * 2 - border;
    out_width = out_width * 2 - border;
  }
  at::Tensor out = at::empty({image.size(0), options.classes, out_height, out_width}, at::kFloat);
  const float* const from = image.data_ptr<float>();
  float* const to = out.data_ptr<float>();
  const auto run = [&](std::int64_t n) {
    plan_->run(from + n * image.stride(0), static_cast<int>(height), static_cast<int>(width), to + n * out.stride(0));
  };
  if (image.size(0) >= at::get_num_threads()) {
    at::parallel_for(0, image.size(0), 1, [&](std::int64_t first, std::int64_t end) {
      for (std::int64_t n = first; n < end; ++n) run(n);
    });
  } else {
    for (std::int64_t n = 0; n < image.size(0); ++n) run(n);
  }
  return out;
}

}  // namespace nodule
