#include "nn/unet.h"

#include <ATen/ATen.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/upsampling.h>

#include <cmath>
#include <sstream>
#include <stdexcept>

#include "inference/unet_inference.h"
#include "nn/relu_batch_norm.h"

namespace nodule {

namespace nn = torch::nn;

ConvBlock::ConvBlock(std::int64_t in_channels, std::int64_t out_channels, const UNetOptions& options)
    : format_(options.channels_last ? torch::MemoryFormat::ChannelsLast : torch::MemoryFormat::Contiguous) {
  block_ = nn::Sequential();
  std::int64_t channels = in_channels;
  for (int i = 0; i < 2; ++i) {
    convolutions_.emplace_back(nn::Conv2dOptions(channels, out_channels, 3).padding(options.padding ? 1 : 0));
    block_->push_back(convolutions_.back());
    block_->push_back(nn::ReLU());
    if (options.batch_norm) {
      norms_.emplace_back(nn::BatchNorm2dOptions(out_channels));
      block_->push_back(norms_.back());
    }
    channels = out_channels;
  }
  register_module("block", block_);
}

torch::Tensor ConvBlock::forward(const torch::Tensor& input) {
  torch::Tensor x = input;
  for (std::size_t i = 0; i < convolutions_.size(); ++i) {
    // Repeated before each one, since with one channel a convolution cannot tell the formats apart.
    x = convolutions_[i]->forward(x.contiguous(format_));
    if (norms_.empty()) {
      x.relu_();
      continue;
    }
    const nn::BatchNorm2dImpl& norm = *norms_[i];
    if (norm.is_training()) {
      const torch::NoGradGuard no_grad;
      torch::Tensor(norm.num_batches_tracked).add_(1);
    }
    x = relu_batch_norm(x.contiguous(format_), norm.weight, norm.bias, norm.running_mean, norm.running_var,
                        norm.is_training(), *norm.options.momentum(), norm.options.eps());
  }
  return x;
}

UpBlock::UpBlock(std::int64_t in_channels, std::int64_t out_channels, const UNetOptions& options) {
  if (options.upsample) {
    pointwise_ = nn::Conv2d(nn::Conv2dOptions(in_channels, out_channels, 1));
    nn::Sequential up;
    up->push_back(nn::Upsample(nn::UpsampleOptions().scale_factor(std::vector<double>{2, 2}).mode(torch::kBilinear)));
    up->push_back(pointwise_);
    register_module("up", up);
  } else {
    transposed_ = nn::ConvTranspose2d(nn::ConvTranspose2dOptions(in_channels, out_channels, 2).stride(2));
    register_module("up", transposed_);
  }
  conv_block_ = register_module("conv_block", std::make_shared<ConvBlock>(in_channels, out_channels, options));
}

torch::Tensor UpBlock::forward(const torch::Tensor& input, const torch::Tensor& bridge) {
  torch::Tensor up;
  if (transposed_.is_empty()) {
    up = at::upsample_bilinear2d(input, {input.size(2) * 2, input.size(3) * 2}, /*align_corners=*/false, 2.0, 2.0);
    up = pointwise_->forward(up);
  } else {
    up = transposed_->forward(input);
  }
  const std::int64_t height = up.size(2), width = up.size(3);
  const torch::Tensor crop =
      bridge.narrow(2, (bridge.size(2) - height) / 2, height).narrow(3, (bridge.size(3) - width) / 2, width);
  return conv_block_->forward(torch::cat({up, crop}, 1));
}

UNet::UNet(const UNetOptions& options) : average_pooling_(options.average_pooling) {
  std::int64_t channels = options.in_channels;
  nn::ModuleList down, up;
  for (std::int64_t i = 0; i < options.depth; ++i) {
    const std::int64_t width = std::int64_t{1} << (options.wf + i);
    down_path_.push_back(std::make_shared<ConvBlock>(channels, width, options));
    down->push_back(down_path_.back());
    channels = width;
  }
  for (std::int64_t i = options.depth - 2; i >= 0; --i) {
    const std::int64_t width = std::int64_t{1} << (options.wf + i);
    up_path_.push_back(std::make_shared<UpBlock>(channels, width, options));
    up->push_back(up_path_.back());
    channels = width;
  }
  register_module("down_path", down);
  register_module("up_path", up);
  last_ = register_module("last", nn::Conv2d(nn::Conv2dOptions(channels, options.classes, 1)));
}

torch::Tensor UNet::forward(torch::Tensor x) {
  std::vector<torch::Tensor> bridges;
  for (std::size_t i = 0; i < down_path_.size(); ++i) {
    x = down_path_[i]->forward(x);
    if (i + 1 == down_path_.size()) break;
    bridges.push_back(x);
    x = average_pooling_ ? at::avg_pool2d(x, 2) : at::max_pool2d(x, 2);
  }
  for (const auto& up : up_path_) {
    x = up->forward(x, bridges.back());
    bridges.pop_back();
  }
  return last_->forward(x);
}

UNetModel::UNetModel(const UNetOptions& options) : options_(options) {
  if (options.input_norm) input_norm_ = nn::BatchNorm2d(nn::BatchNorm2dOptions(options.in_channels));
  unet_ = std::make_shared<UNet>(options);
  if (!options.input_norm) {
    root_ = unet_;
    return;
  }
  root_ = std::make_shared<nn::Module>();
  root_->register_module("input_batchnorm", input_norm_);
  root_->register_module("unet", unet_);
}

namespace {

// The size of the output along one axis, or -1 if the input is too small.
std::int64_t output_size(std::int64_t size, const UNetOptions& options) {
  const std::int64_t border = options.padding ? 0 : 4;
  for (std::int64_t i = 0; i < options.depth; ++i) {
    size -= border;
    if (size < 1) return -1;
    if (i + 1 < options.depth) size /= 2;
    if (size < 1) return -1;
  }
  for (std::int64_t i = 1; i < options.depth; ++i) {
    size = size * 2 - border;
    if (size < 1) return -1;
  }
  return size;
}

}  // namespace

void UNetModel::check(const torch::Tensor& input) const {
  std::ostringstream message;
  message << "U-Net forward: ";
  if (input.dim() != 4) {
    message << "the input has shape " << input.sizes() << ", expected [batch, " << options_.in_channels
            << ", height, width]";
  } else if (input.size(1) != options_.in_channels) {
    message << "the input of shape " << input.sizes() << " has " << input.size(1) << " channels, expected "
            << options_.in_channels;
  } else if (output_size(input.size(2), options_) < 0 || output_size(input.size(3), options_) < 0) {
    std::int64_t least = 1;
    while (output_size(least, options_) < 0) ++least;
    message << "the input of " << input.size(2) << " x " << input.size(3) << " is too small for depth "
            << options_.depth << (options_.padding ? " with" : " without") << " padding, expected at least " << least
            << " x " << least;
  } else {
    return;
  }
  throw std::invalid_argument(message.str());
}

std::shared_ptr<const UNetInference> UNetModel::inference_for(const torch::Tensor& input) {
  if (!is_prepared_ || root_->is_training() || input.numel() == 0) return nullptr;
  const std::vector<NamedTensor> tensors = named_tensors();
  if (!UNetInference::supports(options_, tensors, input)) return nullptr;
  if (torch::GradMode::is_enabled()) {
    if (input.requires_grad()) return nullptr;
    for (const NamedTensor& each : tensors)
      if (each.tensor.requires_grad()) return nullptr;
  }
  // Several threads may run one network.
  const std::lock_guard<std::mutex> lock(inference_mutex_);
  if (!inference_ || !inference_->is_current(tensors))
    inference_ = std::make_shared<const UNetInference>(options_, tensors);
  return inference_;
}

torch::Tensor UNetModel::forward(const torch::Tensor& input) {
  check(input);
  if (const auto inference = inference_for(input)) return inference->forward(input);
  torch::Tensor x = input_norm_.is_empty() ? input : input_norm_->forward(input);
  x = unet_->forward(x);
  return options_.sigmoid ? x.sigmoid() : x;
}

void UNetModel::initialize_as_book(bool normal_bias) {
  const torch::NoGradGuard no_grad;
  for (const auto& module : root_->modules()) {
    torch::Tensor weight, bias;
    if (const auto* convolution = module->as<nn::Conv2dImpl>()) {
      weight = convolution->weight;
      bias = convolution->bias;
    } else if (const auto* transposed = module->as<nn::ConvTranspose2dImpl>()) {
      weight = transposed->weight;
      bias = transposed->bias;
    } else {
      continue;
    }
    nn::init::kaiming_normal_(weight, 0, torch::kFanOut, torch::kReLU);
    // PyTorch's definition, also for transposed convolutions, whose first axis is the input.
    const auto fan_out = static_cast<double>(weight.size(0) * weight.size(2) * weight.size(3));
    const double bound = 1 / std::sqrt(fan_out);
    if (normal_bias) {
      nn::init::normal_(bias, -bound, bound);
    } else {
      nn::init::uniform_(bias, -bound, bound);
    }
  }
}

namespace {

void collect(const std::string& prefix, const nn::Module& module, std::vector<NamedTensor>& tensors) {
  for (const auto& item : module.named_parameters(false)) tensors.push_back({prefix + item.key(), item.value(), false});
  for (const auto& item : module.named_buffers(false)) tensors.push_back({prefix + item.key(), item.value(), true});
  for (const auto& child : module.named_children()) collect(prefix + child.key() + ".", *child.value(), tensors);
}

}  // namespace

std::vector<NamedTensor> UNetModel::named_tensors() const {
  std::vector<NamedTensor> tensors;
  collect("", *root_, tensors);
  return tensors;
}

}  // namespace nodule
