// The kernels of unet_kernels.h for one instruction set. Included by one file for each, which defines NODULE_LANES
// (floats of a vector), NODULE_ROWS (rows of a product in registers) and NODULE_GROUP (blocks of its columns).
// Nothing here may be visible outside that file, and it may include nothing with inline functions: the linker would
// keep one copy of them, maybe with instructions that this machine lacks.
#include "inference/unet_kernels.h"

namespace nodule {
namespace {

constexpr int kLanes = NODULE_LANES, kRows = NODULE_ROWS, kGroup = NODULE_GROUP, kParts = kBlock / kLanes;
constexpr float kHalfRoot = 0.70710678118654752f, kRoot = 1.41421356237309505f;

typedef float Vector __attribute__((vector_size(kLanes * sizeof(float)), may_alias));
#define NODULE_INLINE static inline __attribute__((always_inline))

NODULE_INLINE Vector load(const float* from) {
  Vector out;
  __builtin_memcpy(&out, from, sizeof out);
  return out;
}
NODULE_INLINE void store(float* to, Vector value) { __builtin_memcpy(to, &value, sizeof value); }
NODULE_INLINE int least(int a, int b) { return a < b ? a : b; }

/// out = input × weights, M rows and N vectors, all kept in registers. `Bias` starts with it instead of zero.
template <int M, int N, bool kBias>
NODULE_INLINE void product(const float* input, std::ptrdiff_t input_block, const int* counts, int blocks,
                           const float* weights, const float* bias, float* out, std::ptrdiff_t out_row,
                           std::ptrdiff_t out_block) {
  Vector sums[M][N];
  for (int n = 0; n < N; ++n)
    for (int m = 0; m < M; ++m) sums[m][n] = kBias ? load(bias + n * kLanes) : Vector{};
  const auto step = [&](const float* from) {
    Vector columns[N];
    for (int n = 0; n < N; ++n) columns[n] = load(weights + n * kLanes);
    weights += N * kLanes;
    for (int m = 0; m < M; ++m)
      for (int n = 0; n < N; ++n) sums[m][n] += from[m * kBlock] * columns[n];
  };
  for (int b = 0; b < blocks; ++b, input += input_block) {
    if (counts[b] == kBlock) {
#pragma GCC unroll 4
      for (int k = 0; k < kBlock; ++k) step(input + k);
    } else {
      for (int k = 0; k < counts[b]; ++k) step(input + k);
    }
  }
  for (int n = 0; n < N; ++n)
    for (int m = 0; m < M; ++m) store(out + m * out_row + n / kParts * out_block + n % kParts * kLanes, sums[m][n]);
}

/// Any number of rows.
template <int N, bool kBias>
void products(const float* input, std::ptrdiff_t input_block, const int* counts, int blocks, const float* weights,
              const float* bias, float* out, std::ptrdiff_t out_row, std::ptrdiff_t out_block, int rows) {
  // With one vector per row more rows are needed to keep the multipliers busy.
  constexpr int kMany = N == 1 ? 2 * kRows : kRows;
  int row = 0;
#define NODULE_ROWS_OF(M)                                                                                         \
  for (; row + (M) <= rows; row += (M))                                                                           \
    product<(M), N, kBias>(input + row * kBlock, input_block, counts, blocks, weights, bias, out + row * out_row, \
                           out_row, out_block);
  NODULE_ROWS_OF(kMany)
  NODULE_ROWS_OF((kMany + 1) / 2)
  NODULE_ROWS_OF((kMany + 3) / 4)
  NODULE_ROWS_OF(1)
#undef NODULE_ROWS_OF
}

/// Bᵀ x for six values.
NODULE_INLINE void transform_input(Vector* x) {
  const Vector even_inner = x[4] - 2 * x[2], odd_inner = x[3] - 2 * x[1];
  const Vector even_outer = x[4] - 0.5f * x[2], odd_outer = x[3] - 0.5f * x[1];
  const Vector first = (x[0] + x[4]) - 2.5f * x[2], last = (x[1] + x[5]) - 2.5f * x[3];
  x[0] = first;
  x[1] = even_inner + kHalfRoot * odd_inner;
  x[2] = even_inner - kHalfRoot * odd_inner;
  x[3] = even_outer + kRoot * odd_outer;
  x[4] = even_outer - kRoot * odd_outer;
  x[5] = last;
}

/// Aᵀ y: six values to four.
NODULE_INLINE void transform_output(const Vector* y, Vector* out) {
  const Vector inner = y[1] + y[2], inner_difference = y[1] - y[2];
  const Vector outer = y[3] + y[4], outer_difference = y[3] - y[4];
  out[0] = y[0] + (inner + outer);
  out[1] = kHalfRoot * (inner_difference + 2 * outer_difference);
  out[2] = 0.5f * inner + 2 * outer;
  out[3] = y[5] + kHalfRoot * (0.5f * inner_difference + 4 * outer_difference);
}

/// Transforms `tiles` tiles of one block.
void transform_tiles(const float* const* rows, float* out, std::ptrdiff_t out_product, int tiles) {
  for (int t = 0; t < tiles; ++t)
    for (int part = 0; part < kParts; ++part) {
      const int at = t * kTileOut * kBlock + part * kLanes;
      Vector values[kTileIn][kTileIn];
#pragma GCC unroll 6
      for (int x = 0; x < kTileIn; ++x) {
        Vector column[kTileIn];
        for (int y = 0; y < kTileIn; ++y) column[y] = load(rows[y] + at + x * kBlock);
        transform_input(column);
        for (int y = 0; y < kTileIn; ++y) values[y][x] = column[y];
      }
      float* to = out + t * kBlock + part * kLanes;
#pragma GCC unroll 6
      for (int y = 0; y < kTileIn; ++y) {
        Vector row[kTileIn];
        for (int x = 0; x < kTileIn; ++x) row[x] = values[y][x];
        transform_input(row);
        for (int x = 0; x < kTileIn; ++x) store(to + (y * kTileIn + x) * out_product, row[x]);
      }
    }
}

/// Transforms the products of `tiles` tiles of one block back, adds the bias and applies ReLU and batch norm.
void finish_tiles(const float* products, std::ptrdiff_t product_size, const float* bias, const float* scale,
                  const float* shift, float* const* out, int first, int tiles, int width) {
  for (int part = 0; part < kParts; ++part) {
    const Vector biases = load(bias + part * kLanes), scales = load(scale + part * kLanes),
                 shifts = load(shift + part * kLanes);
    const Vector zero = {};
    for (int t = 0; t < tiles; ++t) {
      const float* from = products + t * kBlock + part * kLanes;
      Vector half[kTileOut][kTileIn];
      for (int x = 0; x < kTileIn; ++x) {
        Vector column[kTileIn], short_column[kTileOut];
        for (int y = 0; y < kTileIn; ++y) column[y] = load(from + (y * kTileIn + x) * product_size);
        transform_output(column, short_column);
        for (int y = 0; y < kTileOut; ++y) half[y][x] = short_column[y];
      }
      const int at = (first + t) * kTileOut;
      const int columns = least(kTileOut, width - at);
      for (int y = 0; y < kTileOut; ++y) {
        Vector row[kTileOut];
        transform_output(half[y], row);
        for (int x = 0; x < kTileOut; ++x) {
          const Vector sum = row[x] + biases;
          row[x] = (zero > sum ? zero : sum) * scales + shifts;
        }
        if (out[y] == nullptr) continue;
        float* to = out[y] + at * kBlock + part * kLanes;
        if (columns == kTileOut) {
          for (int x = 0; x < kTileOut; ++x) store(to + x * kBlock, row[x]);
        } else {
          for (int x = 0; x < columns; ++x) store(to + x * kBlock, row[x]);
        }
      }
    }
  }
}

void convolution(const ConvolutionRow& c) {
  const int all = (c.width + kTileOut - 1) / kTileOut, chunks = (all + kTiles - 1) / kTiles;
  // Not a power of two apart, or all 36 would share the same lines of the cache.
  const std::ptrdiff_t input_block = kTiles * kBlock, input_product = c.blocks * input_block + kBlock;
  const std::ptrdiff_t output_block = kTiles * kBlock, output_product = kGroup * output_block + kBlock;
  float* const input = c.scratch;
  float* const output = input + kProducts * input_product;
  for (int chunk = 0; chunk < chunks; ++chunk) {
    const int first = all * chunk / chunks, tiles = all * (chunk + 1) / chunks - first;
    for (int b = 0; b < c.blocks; ++b) {
      const float* rows[kTileIn];
      for (int y = 0; y < kTileIn; ++y) rows[y] = c.rows[b * kTileIn + y] + first * kTileOut * kBlock;
      transform_tiles(rows, input + b * input_block, input_product, tiles);
    }
    for (int g = 0; g < c.out_blocks; g += kGroup) {
      const int blocks = least(kGroup, c.out_blocks - g);
      for (int p = 0; p < kProducts; ++p) {
        const float* weights = c.weights + (static_cast<std::ptrdiff_t>(p) * c.out_blocks + g) * c.depth * kBlock;
        const float* from = input + p * input_product;
        float* to = output + p * output_product;
        if (blocks == 1)
          products<kParts, false>(from, input_block, c.counts, c.blocks, weights, nullptr, to, kBlock, output_block,
                                  tiles);
        else
          products<kParts * kGroup, false>(from, input_block, c.counts, c.blocks, weights, nullptr, to, kBlock,
                                           output_block, tiles);
      }
      for (int b = 0; b < blocks; ++b)
        finish_tiles(output + b * output_block, output_product, c.bias + (g + b) * kBlock, c.scale + (g + b) * kBlock,
                     c.shift + (g + b) * kBlock, c.out + (g + b) * kTileOut, first, tiles, c.width);
    }
  }
}

void pointwise(const PointwiseRow& c) {
  for (int g = 0; g < c.out_blocks; g += kGroup) {
    const float* weights = c.weights + static_cast<std::ptrdiff_t>(g) * c.depth * kBlock;
    float* out = c.out + g * c.out_block;
    if (least(kGroup, c.out_blocks - g) == 1)
      products<kParts, true>(c.input, c.input_block, c.counts, c.blocks, weights, c.bias + g * kBlock, out, c.out_pixel,
                             c.out_block, c.pixels);
    else
      products<kParts * kGroup, true>(c.input, c.input_block, c.counts, c.blocks, weights, c.bias + g * kBlock, out,
                                      c.out_pixel, c.out_block, c.pixels);
  }
}

void pool(const float* first, const float* second, float* out, int width, bool average) {
  for (int x = 0; x < width; ++x)
    for (int part = 0; part < kParts; ++part) {
      const int at = 2 * x * kBlock + part * kLanes;
      const Vector a = load(first + at), b = load(first + at + kBlock), c = load(second + at),
                   d = load(second + at + kBlock);
      Vector value;
      if (average) {
        value = ((a + b) + (c + d)) * 0.25f;
      } else {
        const Vector above = a > b ? a : b, below = c > d ? c : d;
        value = above > below ? above : below;
      }
      store(out + x * kBlock + part * kLanes, value);
    }
}

/// exp(x) by Cephes' polynomial on |x| <= log(2) / 2 and a power of two; at most e^87, at least e^-87.
NODULE_INLINE Vector exponential(Vector x) {
  typedef int Integers __attribute__((vector_size(kLanes * sizeof(int))));
  const Vector most = Vector{} + 87.0f, least_value = Vector{} - 87.0f;
  x = x > most ? most : x;
  x = x < least_value ? least_value : x;
  // Adding 1.5 · 2^23 rounds to an integer, which then is in the low bits.
  const Vector rounding = Vector{} + 12582912.0f, shifted = x * 1.44269504088896341f + rounding;
  const Vector power = shifted - rounding;
  const Vector high = x - power * 0.693359375f, r = high + power * 2.12194440e-4f;
  Vector sum = Vector{} + 1.9875691500e-4f;
  sum = sum * r + 1.3981999507e-3f;
  sum = sum * r + 8.3334519073e-3f;
  sum = sum * r + 4.1665795894e-2f;
  sum = sum * r + 1.6666665459e-1f;
  sum = sum * r + 5.0000001201e-1f;
  const Vector fraction = sum * (r * r) + r + 1.0f;
  const Integers exponent = ((Integers)shifted - (Integers)rounding + 127) << 23;
  return fraction * (Vector)exponent;
}

void sigmoid(float* values, int count) {
  for (int i = 0; i < count; i += kLanes) {
    const int lanes = least(kLanes, count - i);
    float tail[kLanes] = {};
    __builtin_memcpy(tail, values + i, lanes * sizeof(float));
    store(tail, 1.0f / (1.0f + exponential(-load(tail))));
    __builtin_memcpy(values + i, tail, lanes * sizeof(float));
  }
}

}  // namespace
}  // namespace nodule
