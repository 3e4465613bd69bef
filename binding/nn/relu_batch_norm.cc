// ATen reads and writes every value once for the ReLU and once for the batch norm, in the forward and in the backward
// pass, and its batch norm of channels-last values loses four digits (it adds float32 values one by one). Here each
// pass reads a value twice and writes it once, and sums are in float64.
#include "nn/relu_batch_norm.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/rsqrt.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <vector>

#include "nn/relu_batch_norm_kernels.h"
#include "nodule/library.h"

namespace nodule {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool is_channels_last(const at::Tensor& x) {
  const std::int64_t channels = x.size(1);
  return !x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast) &&
         (kLanes % channels == 0 || channels % kLanes == 0);
}

/// The memory layout: planes of one channel each, or pixels of all channels. Work is split into parts of one span each.
class Layout {
 public:
  explicit Layout(const at::Tensor& x) : last_(is_channels_last(x)), channels_(x.size(1)) {
    pixels_ = x.size(2) * x.size(3);
    if (last_) {
      pixels_ *= x.size(0);
      blocks_ = std::max<std::int64_t>(1, channels_ / kLanes);
      // Full rows of lanes, except at the end.
      chunk_ = std::max(kLanes, kChunk / channels_);
      parts_ = (pixels_ + chunk_ - 1) / chunk_ * blocks_;
    } else {
      parts_ = x.size(0) * channels_;
    }
  }

  std::int64_t parts() const { return parts_; }
  /// Parts per task, so that a task has about kChunk values.
  std::int64_t grain() const { return std::max<std::int64_t>(1, kChunk / (last_ ? kChunk : pixels_)); }

  Span span(std::int64_t part) const {
    if (!last_) return {pixels_ / kLanes, kLanes, pixels_ % kLanes};
    const std::int64_t pixels = std::min(chunk_, pixels_ - part / blocks_ * chunk_);
    if (channels_ >= kLanes) return {pixels, channels_, 0};
    return {pixels * channels_ / kLanes, kLanes, pixels * channels_ % kLanes};
  }
  std::int64_t offset(std::int64_t part) const {
    return last_ ? part / blocks_ * chunk_ * channels_ + part % blocks_ * kLanes : part * pixels_;
  }
  std::int64_t channel(std::int64_t part, std::int64_t lane) const {
    return last_ ? part % blocks_ * kLanes + lane % channels_ : part % channels_;
  }

 private:
  bool last_;
  std::int64_t channels_, pixels_ = 0, blocks_ = 1, chunk_ = 0, parts_ = 0;
};

/// Constants of each channel, laid out for the lanes of a part.
template <typename A>
struct Lanes {
  A of[kLanes];
  Lanes(const Layout& layout, std::int64_t part, const std::vector<A>& channels) {
    for (std::int64_t l = 0; l < kLanes; ++l) of[l] = channels[layout.channel(part, l)];
  }
};

/// Two sums per channel, added part by part in a fixed order.
template <typename Part>
void sums(const Layout& layout, std::int64_t channels, const Part& part, double* first, double* second) {
  std::vector<double> found(layout.parts() * 2 * kLanes);
  at::parallel_for(0, layout.parts(), layout.grain(), [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t p = from; p < to; ++p) part(p, &found[p * 2 * kLanes], &found[(p * 2 + 1) * kLanes]);
  });
  std::fill(first, first + channels, 0);
  std::fill(second, second + channels, 0);
  for (std::int64_t p = 0; p < layout.parts(); ++p)
    for (std::int64_t l = 0; l < kLanes; ++l) {
      first[layout.channel(p, l)] += found[p * 2 * kLanes + l];
      second[layout.channel(p, l)] += found[(p * 2 + 1) * kLanes + l];
    }
}

template <typename A>
std::vector<A> as(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}
std::vector<double> read(const at::Tensor& values) {
  const at::Tensor wide = values.detach().to(at::kDouble).contiguous();
  return {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()};
}
at::Tensor tensor_of(const std::vector<double>& values, at::ScalarType dtype) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), out.data_ptr<double>());
  return out.to(dtype);
}

/// The mean of a few values of each channel: a shift close enough to all of them to keep their sums accurate.
template <typename T, typename A>
std::vector<A> samples_of(const at::Tensor& x) {
  const bool last = is_channels_last(x);
  const std::int64_t channels = x.size(1), pixels = x.size(2) * x.size(3), count = std::min<std::int64_t>(8, pixels);
  const T* from = x.data_ptr<T>();
  std::vector<A> out(channels);
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t pixel = n * pixels / count;
    for (std::int64_t c = 0; c < channels; ++c)
      out[c] += relu<A>(value(from[last ? pixel * channels + c : c * pixels + pixel])) / A(count);
  }
  return out;
}

template <typename T, typename A>
void moments_of(const at::Tensor& x, std::vector<double>& mean, std::vector<double>& variance) {
  const Layout layout(x);
  const std::int64_t channels = x.size(1), count = x.numel() / channels;
  const T* from = x.data_ptr<T>();
  std::vector<A> shift = samples_of<T, A>(x);
  // float64 keeps all its digits only with a second pass, around the mean found by the first.
  for (int pass = 0; pass < (std::is_same_v<A, double> ? 2 : 1); ++pass) {
    sums(
        layout, channels,
        [&](std::int64_t part, double* sum, double* squares) {
          const Lanes<A> lanes(layout, part, shift);
          moments(from + layout.offset(part), layout.span(part), lanes.of, sum, squares);
        },
        mean.data(), variance.data());
    for (std::int64_t c = 0; c < channels; ++c) {
      const double shifted = mean[c] / count;
      // Not std::max, which would hide a NaN.
      const double spread = variance[c] / count - shifted * shifted;
      variance[c] = spread < 0 ? 0 : spread;
      mean[c] = shift[c] + shifted;
      shift[c] = static_cast<A>(mean[c]);
    }
  }
}

template <typename T, typename A>
void normalize_all(const at::Tensor& x, at::Tensor& y, const std::vector<double>& mean,
                   const std::vector<double>& factor, const std::vector<double>& bias) {
  const Layout layout(x);
  const auto means = as<A>(mean), factors = as<A>(factor), biases = as<A>(bias);
  const T* from = x.data_ptr<T>();
  T* to = y.data_ptr<T>();
  at::parallel_for(0, layout.parts(), layout.grain(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      const Lanes<A> m(layout, part, means), f(layout, part, factors), b(layout, part, biases);
      forward(from + layout.offset(part), to + layout.offset(part), layout.span(part), m.of, f.of, b.of);
    }
  });
}

/// Returns the gradient of x and fills `weight_gradient` and `bias_gradient`.
template <typename T, typename A>
at::Tensor back_all(const at::Tensor& x, const at::Tensor& gradient, const std::vector<double>& weight,
                    const std::vector<double>& mean, const std::vector<double>& rate,
                    std::vector<double>& weight_gradient, std::vector<double>& bias_gradient) {
  const Layout layout(x);
  const std::int64_t channels = x.size(1);
  const double count = static_cast<double>(x.numel() / channels);
  const T* from = x.data_ptr<T>();
  const T* above = gradient.data_ptr<T>();
  const auto means = as<A>(mean);
  sums(
      layout, channels,
      [&](std::int64_t part, double* sum, double* products) {
        const Lanes<A> m(layout, part, means);
        const std::int64_t at = layout.offset(part);
        gradients(from + at, above + at, layout.span(part), m.of, sum, products);
      },
      bias_gradient.data(), weight_gradient.data());
  std::vector<A> factors(channels), gradient_means(channels), slopes(channels);
  for (std::int64_t c = 0; c < channels; ++c) {
    factors[c] = static_cast<A>(weight[c] * rate[c]);
    gradient_means[c] = static_cast<A>(bias_gradient[c] / count);
    slopes[c] = static_cast<A>(weight_gradient[c] / count * rate[c] * rate[c]);
    weight_gradient[c] *= rate[c];
  }
  at::Tensor out = at::empty_like(x);
  T* to = out.data_ptr<T>();
  at::parallel_for(0, layout.parts(), layout.grain(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      const Lanes<A> m(layout, part, means), f(layout, part, factors), g(layout, part, gradient_means),
          s(layout, part, slopes);
      const std::int64_t at = layout.offset(part);
      backward(from + at, above + at, to + at, layout.span(part), m.of, f.of, g.of, s.of);
    }
  });
  return out;
}

#define NODULE_FOR_DTYPE(x, call)         \
  [&] {                                   \
    switch ((x).scalar_type()) {          \
      case at::kDouble:                   \
        return call<double, double>;      \
      case at::kFloat:                    \
        return call<float, float>;        \
      default:                            \
        return call<at::BFloat16, float>; \
    }                                     \
  }()

struct ReluBatchNorm : torch::autograd::Function<ReluBatchNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& bias, const at::Tensor& running_mean, const at::Tensor& running_var,
                            double momentum, double eps) {
    const std::int64_t channels = input.size(1), count = input.numel() / channels;
    const at::Tensor x = is_channels_last(input) ? input : input.contiguous();
    std::vector<double> mean(channels), variance(channels), rate(channels), factor = read(weight);
    NODULE_FOR_DTYPE(x, moments_of)(x, mean, variance);
    const std::vector<double> old_mean = read(running_mean), old_variance = read(running_var);
    std::vector<double> new_mean(channels), new_variance(channels);
    for (std::int64_t c = 0; c < channels; ++c) {
      rate[c] = 1 / std::sqrt(variance[c] + eps);
      factor[c] *= rate[c];
      new_mean[c] = old_mean[c] + momentum * (mean[c] - old_mean[c]);
      const double unbiased = variance[c] * static_cast<double>(count) / static_cast<double>(count - 1);
      new_variance[c] = old_variance[c] + momentum * (unbiased - old_variance[c]);
    }
    running_mean.copy_(tensor_of(new_mean, at::kDouble));
    running_var.copy_(tensor_of(new_variance, at::kDouble));
    at::Tensor y = at::empty_like(x);
    NODULE_FOR_DTYPE(x, normalize_all)(x, y, mean, factor, read(bias));
    context->save_for_backward({x, weight, tensor_of(mean, at::kDouble), tensor_of(rate, at::kDouble)});
    context->saved_data["eps"] = eps;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    if (at::GradMode::is_enabled())
      return differentiable(x, weight, gradients[0], context->saved_data["eps"].toDouble());
    const at::Tensor gradient =
        gradients[0]
            .to(x.scalar_type())
            .contiguous(is_channels_last(x) ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
    std::vector<double> weight_gradient(x.size(1)), bias_gradient(x.size(1));
    const at::Tensor input_gradient = NODULE_FOR_DTYPE(x, back_all)(x, gradient, read(weight), read(saved[2]),
                                                                    read(saved[3]), weight_gradient, bias_gradient);
    const at::ScalarType dtype = weight.scalar_type();
    return {input_gradient, tensor_of(weight_gradient, dtype), tensor_of(bias_gradient, dtype), {}, {}, {}, {}};
  }

  /// The same gradients from differentiable operators, for derivatives of a higher order.
  static variable_list differentiable(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& gradient,
                                      double eps) {
    constexpr std::array<std::int64_t, 3> over = {0, 2, 3};
    const at::Tensor v = x.to(weight.scalar_type()).relu();
    const at::Tensor centred = v - v.mean(over, true);
    const at::Tensor rate = at::rsqrt((centred * centred).mean(over, true) + eps);
    const at::Tensor normal = centred * rate;
    const at::Tensor g = gradient.to(weight.scalar_type());
    const at::Tensor scaled = g * weight.view({1, -1, 1, 1});
    const at::Tensor inner = rate * (scaled - scaled.mean(over, true) - normal * (scaled * normal).mean(over, true));
    return {(inner * (x > 0)).to(x.scalar_type()), (g * normal).sum(over), g.sum(over), {}, {}, {}, {}};
  }
};

void check(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& running_mean,
           const at::Tensor& running_var, bool training) {
  TORCH_CHECK(input.dim() == 4, "nodule::relu_batch_norm: the input has shape ", input.sizes(),
              ", expected [B, C, H, W]");
  TORCH_CHECK(input.is_floating_point(), "nodule::relu_batch_norm: the input is ", input.scalar_type(),
              ", expected a floating-point dtype");
  const std::int64_t channels = input.size(1);
  for (const at::Tensor* of : {&weight, &bias, &running_mean, &running_var}) {
    TORCH_CHECK(of->dim() == 1 && of->size(0) == channels,
                "nodule::relu_batch_norm: weight, bias, running_mean or running_var has shape ", of->sizes(),
                ", expected [", channels, "] for an input of shape ", input.sizes());
    TORCH_CHECK(of->is_floating_point() && of->device() == input.device(),
                "nodule::relu_batch_norm: weight, bias, running_mean or running_var is ", of->scalar_type(), " on ",
                of->device(), ", expected a floating-point dtype on the input's device, ", input.device());
  }
  TORCH_CHECK(!training || (channels > 0 && input.numel() / channels > 1),
              "nodule::relu_batch_norm: the input has shape ", input.sizes(),
              ", expected more than one value per channel in training");
}

bool has_kernels(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                 const at::Tensor& running_mean, const at::Tensor& running_var) {
  const at::ScalarType dtype = input.scalar_type();
  const at::ScalarType wanted = dtype == at::kBFloat16 ? at::kFloat : dtype;
  if (!input.device().is_cpu() || input.layout() != at::kStrided) return false;
  if (dtype != at::kFloat && dtype != at::kDouble && dtype != at::kBFloat16) return false;
  for (const at::Tensor* of : {&weight, &bias, &running_mean, &running_var})
    if (of->scalar_type() != wanted || of->layout() != at::kStrided) return false;
  return true;
}

}  // namespace

at::Tensor relu_batch_norm(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                           const at::Tensor& running_mean, const at::Tensor& running_var, bool training,
                           double momentum, double eps) {
  check(input, weight, bias, running_mean, running_var, training);
  const bool wants_gradient =
      at::GradMode::is_enabled() && (input.requires_grad() || weight.requires_grad() || bias.requires_grad());
  if (!has_kernels(input, weight, bias, running_mean, running_var) || (!training && wants_gradient) ||
      input.numel() == 0)
    return at::batch_norm(input.relu(), weight, bias, running_mean, running_var, training, momentum, eps,
                          /*cudnn_enabled=*/true);
  if (training) return ReluBatchNorm::apply(input, weight, bias, running_mean, running_var, momentum, eps);
  const at::Tensor x = is_channels_last(input) ? input : input.contiguous();
  std::vector<double> factor = read(weight);
  const std::vector<double> variance = read(running_var);
  for (std::size_t c = 0; c < factor.size(); ++c) factor[c] /= std::sqrt(variance[c] + eps);
  at::Tensor y = at::empty_like(x);
  NODULE_FOR_DTYPE(x, normalize_all)(x, y, read(running_mean), factor, read(bias));
  return y;
}

void register_relu_batch_norm(torch::Library& definitions) {
  definitions.def(
      "relu_batch_norm(Tensor input, Tensor weight, Tensor bias, Tensor(a!) running_mean, Tensor(b!) running_var, bool "
      "training, float momentum, float eps) -> Tensor",
      relu_batch_norm);
}

}  // namespace nodule
