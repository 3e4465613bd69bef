#include "checks/arguments.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <limits>

namespace nodule {

const c10::IValue* Arguments::find(const char* name) const {
  const auto& arguments = schema_.arguments();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].name() == name) {
      const c10::IValue& value = torch::jit::peek(stack_, i, arguments.size());
      return value.isNone() ? nullptr : &value;
    }
  }
  return nullptr;
}

at::Tensor Arguments::tensor(const char* name) const {
  const c10::IValue* value = find(name);
  return value && value->isTensor() ? value->toTensor() : at::Tensor();
}

std::vector<at::Tensor> Arguments::tensors(const char* name) const {
  const c10::IValue* value = find(name);
  if (!value) return {};
  if (value->isTensorList()) return value->toTensorVector();
  std::vector<at::Tensor> tensors;
  if (value->isList()) {
    for (const c10::IValue& item : value->toListRef()) {
      tensors.push_back(item.isTensor() ? item.toTensor() : at::Tensor());
    }
  }
  return tensors;
}

std::optional<std::int64_t> Arguments::integer(const char* name) const {
  const c10::IValue* value = find(name);
  if (!value || !value->isInt()) return std::nullopt;
  return value->toInt();
}

std::optional<double> Arguments::number(const char* name) const {
  const c10::IValue* value = find(name);
  if (!value) return std::nullopt;
  if (value->isInt()) return static_cast<double>(value->toInt());
  if (value->isDouble()) return value->toDouble();
  return std::nullopt;
}

std::vector<std::int64_t> Arguments::integers(const char* name) const {
  const c10::IValue* value = find(name);
  return value && value->isIntList() ? value->toIntVector() : std::vector<std::int64_t>();
}

bool Arguments::flag(const char* name) const {
  const c10::IValue* value = find(name);
  return value && value->isBool() && value->toBool();
}

bool is_readable(const at::Tensor& tensor) {
  return tensor.defined() && tensor.layout() == at::kStrided && tensor.device().is_cpu() && tensor.has_storage();
}

namespace {

// One pass without branches, which the compiler vectorizes.
template <class Number>
Range range_in(const at::Tensor& tensor) {
  const Number* values = tensor.const_data_ptr<Number>();
  Number least = values[0];
  Number most = values[0];
  const std::int64_t count = tensor.numel();
  for (std::int64_t i = 1; i < count; ++i) {
    least = std::min(least, values[i]);
    most = std::max(most, values[i]);
  }
  return {static_cast<std::int64_t>(least), static_cast<std::int64_t>(most)};
}

}  // namespace

std::optional<Range> range_of(const at::Tensor& tensor) {
  if (!is_readable(tensor) || tensor.numel() == 0) return std::nullopt;
  const at::Tensor dense = tensor.is_contiguous() ? tensor : tensor.detach().contiguous();
  switch (dense.scalar_type()) {
    case at::kLong:
      return range_in<std::int64_t>(dense);
    case at::kInt:
      return range_in<std::int32_t>(dense);
    case at::kShort:
      return range_in<std::int16_t>(dense);
    case at::kChar:
      return range_in<std::int8_t>(dense);
    case at::kByte:
      return range_in<std::uint8_t>(dense);
    default:
      return std::nullopt;
  }
}

bool all_within(const at::Tensor& tensor, double least, double most) {
  if (!is_readable(tensor) || !at::isFloatingType(tensor.scalar_type())) return true;
  const at::Tensor dense = tensor.detach().to(at::kDouble).contiguous();
  const double* values = dense.const_data_ptr<double>();
  bool within = true;
  for (std::int64_t i = 0; i < dense.numel(); ++i) within = within && values[i] >= least && values[i] <= most;
  return within;
}

void expect_indices(const at::Tensor& tensor, const char* name, std::int64_t first, std::int64_t end) {
  const auto range = range_of(tensor);
  if (!range || (range->least >= first && range->most < end)) return;
  TORCH_CHECK(false, "'", name, "' contains ", range->least < first ? range->least : range->most, ", expected ",
              first < end ? c10::str("values from ", first, " to ", end - 1) : std::string("no value to be possible"));
}

void expect_numel(const at::Tensor& tensor, const char* name, std::int64_t count, bool required) {
  if (!tensor.defined()) {
    TORCH_CHECK(!required, "'", name, "' is null, expected a tensor of ", count, " elements");
    return;
  }
  TORCH_CHECK(tensor.numel() == count, "'", name, "' has ", tensor.numel(), " elements, expected ", count);
}

void expect_same_sizes(const at::Tensor& tensor, const char* name, c10::IntArrayRef sizes) {
  if (!tensor.defined()) return;
  TORCH_CHECK(tensor.sizes().equals(sizes), "'", name, "' has shape ", tensor.sizes(), ", expected ", sizes);
}

void expect_dim(const at::Tensor& tensor, const char* name, std::int64_t least, std::int64_t most) {
  TORCH_CHECK(tensor.defined(), "'", name, "' is null, expected a tensor");
  TORCH_CHECK(tensor.dim() >= least && tensor.dim() <= most, "'", name, "' has ", tensor.dim(),
              " dimensions, expected ", least,
              least == most ? std::string()
              : most == 64  ? std::string(" or more")
                            : c10::str(" to ", most));
}

}  // namespace nodule
