// Recurrent layers: the shapes of states and weights, and the batch sizes of packed sequences.
#include "checks/checks.h"

namespace nodule {

namespace {

constexpr std::int64_t kMostLayers = 10000;

struct Layers {
  std::int64_t layers;
  std::int64_t directions;
  std::int64_t per_direction;  // number of weights and biases
  std::int64_t gates;
  std::vector<at::Tensor> params;
};

void expect_shape(const at::Tensor& tensor, const char* name, std::size_t place, c10::IntArrayRef sizes) {
  TORCH_CHECK(tensor.defined() && tensor.sizes().equals(sizes), "'", name, "' ", place, " has shape ",
              tensor.defined() ? tensor.sizes() : c10::IntArrayRef(), ", expected ", sizes);
}

Layers layers_of(const Arguments& arguments, std::int64_t gates, bool projects) {
  Layers found;
  found.gates = gates;
  found.layers = arguments.integer("num_layers").value_or(0);
  TORCH_CHECK(found.layers >= 1 && found.layers <= kMostLayers, "'num_layers' is ", found.layers, ", expected 1 to ",
              kMostLayers);
  found.directions = arguments.flag("bidirectional") ? 2 : 1;
  found.per_direction = (arguments.flag("has_biases") ? 4 : 2) + (projects ? 1 : 0);
  found.params = arguments.tensors("params");
  const std::int64_t expected = found.layers * found.directions * found.per_direction;
  TORCH_CHECK(static_cast<std::int64_t>(found.params.size()) == expected, "'params' has ", found.params.size(),
              " tensors, expected ", expected);
  for (const at::Tensor& param : found.params) TORCH_CHECK(param.defined(), "'params' contains null");
  return found;
}

// states: the hidden state, and the cell state of an LSTM. features: size of an element of the input.
void check_layers(const Layers& layers, const std::vector<at::Tensor>& states, std::int64_t batch,
                  std::int64_t features, bool projects, bool biases) {
  TORCH_CHECK(layers.params.size() >= 2 && layers.params[1].dim() == 2, "'params' 1 is not a matrix");
  const std::int64_t hidden = layers.params[1].size(0) / layers.gates;
  const std::int64_t output = layers.params[1].size(1);
  TORCH_CHECK(hidden > 0 && output > 0 && (projects || hidden == output), "'params' 1 has shape ",
              layers.params[1].sizes(), ", expected [", layers.gates, " * hidden, hidden]");
  std::size_t place = 0;
  for (std::int64_t layer = 0; layer < layers.layers; ++layer) {
    const std::int64_t size = layer == 0 ? features : output * layers.directions;
    for (std::int64_t direction = 0; direction < layers.directions; ++direction) {
      expect_shape(layers.params[place], "params", place, {layers.gates * hidden, size});
      ++place;
      expect_shape(layers.params[place], "params", place, {layers.gates * hidden, output});
      ++place;
      for (int i = 0; biases && i < 2; ++i, ++place) {
        expect_shape(layers.params[place], "params", place, {layers.gates * hidden});
      }
      if (projects) {
        expect_shape(layers.params[place], "params", place, {output, hidden});
        ++place;
      }
    }
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    expect_shape(states[i], "hx", i, {layers.layers * layers.directions, batch, i == 0 ? output : hidden});
  }
}

// Sizes of the time steps of packed sequences: the longest sequence first.
std::int64_t batch_of_packed(const at::Tensor& data, const at::Tensor& sizes) {
  expect_dim(data, "data", 2, 2);
  expect_dim(sizes, "batch_sizes", 1, 1);
  TORCH_CHECK(sizes.scalar_type() == at::kLong && is_readable(sizes) && sizes.numel() > 0,
              "'batch_sizes' is not a list of int64 on the CPU");
  const at::Tensor dense = sizes.contiguous();
  const auto* values = dense.const_data_ptr<std::int64_t>();
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < dense.numel(); ++i) {
    const std::int64_t most = i == 0 ? data.size(0) : values[i - 1];
    TORCH_CHECK(values[i] >= 1 && values[i] <= most, "'batch_sizes' contains ", values[i], ", expected 1 to ", most);
    total += values[i];
  }
  TORCH_CHECK(total == data.size(0), "'batch_sizes' add up to ", total, ", expected ", data.size(0));
  return values[0];
}

template <int kGates>
void check_recurrent(const Arguments& arguments) {
  const bool biases = arguments.flag("has_biases");
  std::vector<at::Tensor> states = arguments.tensors("hx");
  if (kGates != 4) states = {arguments.tensor("hx")};
  const std::size_t expected = kGates == 4 ? 2 : 1;
  TORCH_CHECK(states.size() == expected && states[0].defined() && states.back().defined(), "'hx' has ", states.size(),
              " tensors, expected ", expected);
  const bool projects =
      kGates == 4 && states[0].dim() == 3 && states[1].dim() == 3 && states[0].size(2) != states[1].size(2);
  const Layers layers = layers_of(arguments, kGates, projects);
  if (arguments.has("batch_sizes")) {
    const at::Tensor data = arguments.tensor("data");
    const std::int64_t batch = batch_of_packed(data, arguments.tensor("batch_sizes"));
    check_layers(layers, states, batch, data.size(1), projects, biases);
    return;
  }
  const at::Tensor input = arguments.tensor("input");
  expect_dim(input, "input", 3, 3);
  const bool batch_first = arguments.flag("batch_first");
  TORCH_CHECK(input.size(batch_first ? 1 : 0) > 0, "'input' has shape ", input.sizes(), ", expected at least one step");
  check_layers(layers, states, input.size(batch_first ? 0 : 1), input.size(2), projects, biases);
}

}  // namespace

CheckTable recurrent_checks() {
  return {{"aten::lstm", check_recurrent<4>},
          {"aten::gru", check_recurrent<3>},
          {"aten::rnn_tanh", check_recurrent<1>},
          {"aten::rnn_relu", check_recurrent<1>}};
}

}  // namespace nodule
