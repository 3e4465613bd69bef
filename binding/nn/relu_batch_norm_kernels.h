// The loops of relu_batch_norm.cc: over rows of adjacent values, each with the constants of its channel.
#pragma once

#include <c10/util/BFloat16.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

// Compiled for several instruction sets; one is chosen when the addon is loaded. Without fused multiply-add
// (-ffp-contract=off) and with a fixed order of sums, all of them give bit-identical results.
#if defined(__linux__) && defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define NODULE_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define NODULE_CLONES
#endif
#define NODULE_INLINE inline __attribute__((always_inline))

namespace nodule {
namespace {

/// Values that are processed together: 32 neighbours in memory, each with the constants of its channel.
constexpr std::int64_t kLanes = 32;
/// Rows of lanes that are summed in the values' own precision before they are added to a float64 sum.
constexpr std::int64_t kRows = 32;
/// Values per chunk of channels-last memory. Chunks do not depend on the number of threads, so neither do sums.
constexpr std::int64_t kChunk = 32768;

NODULE_INLINE float value(float x) { return x; }
NODULE_INLINE double value(double x) { return x; }
NODULE_INLINE float value(at::BFloat16 x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x.x) << 16;
  float out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}
NODULE_INLINE void store(float x, float* out) { *out = x; }
NODULE_INLINE void store(double x, double* out) { *out = x; }
NODULE_INLINE void store(float x, at::BFloat16* out) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const std::uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  out->x = static_cast<std::uint16_t>(x != x ? 0x7fc0 : rounded);
}

/// NaN stays NaN, as in ATen.
template <typename A>
NODULE_INLINE A relu(A x) {
  return x < 0 ? A(0) : x;
}

/// Rows of lanes: `rows` full rows, `stride` apart, and one more row of `rest` lanes.
struct Span {
  std::int64_t rows, stride, rest;
};

/// Visits the full rows from `from` up to, but not including, `to`.
template <typename Row>
NODULE_INLINE void each_row(const Span& span, std::int64_t from, std::int64_t to, const Row& row) {
  for (std::int64_t r = from; r < to; ++r) row(r * span.stride, kLanes);
}

template <typename A, typename Add>
NODULE_INLINE void add_rows(const Span& span, double* first, double* second, const Add& add) {
  for (std::int64_t from = 0; from < span.rows; from += kRows) {
    A one[kLanes] = {}, other[kLanes] = {};
    each_row(span, from, std::min(from + kRows, span.rows),
             [&](std::int64_t at, std::int64_t lanes) { add(at, lanes, one, other); });
    for (std::int64_t l = 0; l < kLanes; ++l) {
      first[l] += one[l];
      second[l] += other[l];
    }
  }
  if (span.rest == 0) return;
  A one[kLanes] = {}, other[kLanes] = {};
  add(span.rows * span.stride, span.rest, one, other);
  for (std::int64_t l = 0; l < span.rest; ++l) {
    first[l] += one[l];
    second[l] += other[l];
  }
}

/// Sums of v - shift and of its square, v = relu(x), with a shift near the mean, so that a mean far from zero does not
/// cancel the variance (Chan, Golub, LeVeque 1983).
template <typename T, typename A>
NODULE_INLINE void add_moments(const T* x, const Span& span, const A* shift, double* sum, double* squares) {
  add_rows<A>(span, sum, squares, [&](std::int64_t at, std::int64_t lanes, A* one, A* other) {
    for (std::int64_t l = 0; l < lanes; ++l) {
      const A v = relu<A>(value(x[at + l])) - shift[l];
      one[l] += v;
      other[l] += v * v;
    }
  });
}

/// Sums of g and of g (v - mean), where g is the gradient of the result.
template <typename T, typename A>
NODULE_INLINE void add_gradients(const T* x, const T* gradient, const Span& span, const A* mean, double* sum,
                                 double* products) {
  add_rows<A>(span, sum, products, [&](std::int64_t at, std::int64_t lanes, A* one, A* other) {
    for (std::int64_t l = 0; l < lanes; ++l) {
      const A g = value(gradient[at + l]);
      one[l] += g;
      other[l] += g * (relu<A>(value(x[at + l])) - mean[l]);
    }
  });
}

template <typename Row>
NODULE_INLINE void every_row(const Span& span, const Row& row) {
  each_row(span, 0, span.rows, row);
  if (span.rest > 0) row(span.rows * span.stride, span.rest);
}

/// y = (v - mean) factor + bias.
template <typename T, typename A>
NODULE_INLINE void normalize(const T* x, T* y, const Span& span, const A* mean, const A* factor, const A* bias) {
  every_row(span, [&](std::int64_t at, std::int64_t lanes) {
    for (std::int64_t l = 0; l < lanes; ++l)
      store((relu<A>(value(x[at + l])) - mean[l]) * factor[l] + bias[l], y + at + l);
  });
}

/// d loss / d x = factor (g - mean of g - (v - mean) slope) where x is above 0, slope = mean of g (v - mean) /
/// variance.
template <typename T, typename A>
NODULE_INLINE void back(const T* x, const T* gradient, T* out, const Span& span, const A* mean, const A* factor,
                        const A* gradient_mean, const A* slope) {
  every_row(span, [&](std::int64_t at, std::int64_t lanes) {
    for (std::int64_t l = 0; l < lanes; ++l) {
      const A input = value(x[at + l]);
      const A g = factor[l] * (value(gradient[at + l]) - gradient_mean[l] - (relu<A>(input) - mean[l]) * slope[l]);
      store(input <= 0 ? A(0) : g, out + at + l);
    }
  });
}

// A function with target_clones cannot be a template.
#define NODULE_KERNELS(T, A)                                                                                         \
  NODULE_CLONES void moments(const T* x, const Span& span, const A* shift, double* sum, double* squares) {           \
    add_moments<T, A>(x, span, shift, sum, squares);                                                                 \
  }                                                                                                                  \
  NODULE_CLONES void gradients(const T* x, const T* g, const Span& span, const A* mean, double* sum, double* prod) { \
    add_gradients<T, A>(x, g, span, mean, sum, prod);                                                                \
  }                                                                                                                  \
  NODULE_CLONES void forward(const T* x, T* y, const Span& span, const A* mean, const A* factor, const A* bias) {    \
    normalize<T, A>(x, y, span, mean, factor, bias);                                                                 \
  }                                                                                                                  \
  NODULE_CLONES void backward(const T* x, const T* g, T* out, const Span& span, const A* mean, const A* factor,      \
                              const A* gradient_mean, const A* slope) {                                              \
    back<T, A>(x, g, out, span, mean, factor, gradient_mean, slope);                                                 \
  }
NODULE_KERNELS(float, float)
NODULE_KERNELS(double, double)
NODULE_KERNELS(at::BFloat16, float)
#undef NODULE_KERNELS

}  // namespace
}  // namespace nodule
