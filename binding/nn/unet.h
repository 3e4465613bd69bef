// The U-Net of Ronneberger et al. (2015) with the options, parameter names and edge handling of pytorch-unet, and what
// the book "Deep Learning with PyTorch" adds: batch norm on the input, sigmoid on the output, average pooling.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace nodule {

class UNetInference;

struct UNetOptions {
  std::int64_t in_channels = 1;
  std::int64_t classes = 2;
  std::int64_t depth = 5;
  std::int64_t wf = 6;  // the first level has 2^wf channels
  bool padding = false;
  bool batch_norm = false;
  bool upsample = false;  // bilinear instead of a transposed convolution
  bool average_pooling = false;
  bool input_norm = false;
  bool sigmoid = false;
  bool channels_last = false;  // memory format inside the network; faster on a CPU, same function
};

// Twice convolution, ReLU, batch norm, in this order, as in pytorch-unet.
struct ConvBlock : torch::nn::Module {
  ConvBlock(std::int64_t in_channels, std::int64_t out_channels, const UNetOptions& options);
  torch::Tensor forward(const torch::Tensor& input);

 private:
  torch::MemoryFormat format_;
  torch::nn::Sequential block_;
  std::vector<torch::nn::Conv2d> convolutions_;
  std::vector<torch::nn::BatchNorm2d> norms_;
};

struct UpBlock : torch::nn::Module {
  UpBlock(std::int64_t in_channels, std::int64_t out_channels, const UNetOptions& options);
  torch::Tensor forward(const torch::Tensor& input, const torch::Tensor& bridge);

 private:
  torch::nn::ConvTranspose2d transposed_{nullptr};
  torch::nn::Conv2d pointwise_{nullptr};
  std::shared_ptr<ConvBlock> conv_block_;
};

struct UNet : torch::nn::Module {
  explicit UNet(const UNetOptions& options);
  torch::Tensor forward(torch::Tensor input);

 private:
  bool average_pooling_;
  std::vector<std::shared_ptr<ConvBlock>> down_path_;
  std::vector<std::shared_ptr<UpBlock>> up_path_;
  torch::nn::Conv2d last_{nullptr};
};

struct NamedTensor {
  std::string name;
  torch::Tensor tensor;
  bool buffer;
};

class UNetModel {
 public:
  explicit UNetModel(const UNetOptions& options);

  // [B, C, H, W] -> [B, classes, H', W']; H' and W' are smaller than H and W without padding, and if the size is not
  // divisible by 2^(depth-1).
  torch::Tensor forward(const torch::Tensor& input);

  // From now on, evaluation on the CPU without gradients runs through UNetInference where it supports the network.
  void prepare_inference() { is_prepared_ = true; }

  // Kaiming normal weights (fan out) and biases with bound = 1 / sqrt(fan out): uniform in (-bound, bound), or the
  // book's normal (mean -bound, standard deviation bound).
  void initialize_as_book(bool normal_bias);

  // In the order of Python's state_dict.
  std::vector<NamedTensor> named_tensors() const;

  const UNetOptions& options() const { return options_; }
  torch::nn::Module& root() { return *root_; }

 private:
  void check(const torch::Tensor& input) const;
  // Null where the layers must run one by one.
  std::shared_ptr<const UNetInference> inference_for(const torch::Tensor& input);

  UNetOptions options_;
  bool is_prepared_ = false;
  std::mutex inference_mutex_;
  std::shared_ptr<const UNetInference> inference_;
  std::shared_ptr<torch::nn::Module> root_;
  torch::nn::BatchNorm2d input_norm_{nullptr};
  std::shared_ptr<UNet> unet_;
};

}  // namespace nodule
