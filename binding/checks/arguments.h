// The arguments of a call by their names in the schema, for the checks.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/stack.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace nodule {

class Arguments {
 public:
  Arguments(const c10::FunctionSchema& schema, const torch::jit::Stack& stack) : schema_(schema), stack_(stack) {}

  // Each of these finds nothing if the signature lacks the argument, or if it is null.
  at::Tensor tensor(const char* name) const;
  std::vector<at::Tensor> tensors(const char* name) const;
  std::optional<std::int64_t> integer(const char* name) const;
  std::optional<double> number(const char* name) const;
  std::vector<std::int64_t> integers(const char* name) const;
  bool flag(const char* name) const;

  bool has(const char* name) const { return find(name) != nullptr; }
  const c10::FunctionSchema& schema() const { return schema_; }

 private:
  const c10::IValue* find(const char* name) const;

  const c10::FunctionSchema& schema_;
  const torch::jit::Stack& stack_;
};

struct Range {
  std::int64_t least;
  std::int64_t most;
};

// Whether the values can be read here: a defined, strided tensor on the CPU. A CUDA kernel checks its values itself,
// and reading them would wait for the device.
bool is_readable(const at::Tensor& tensor);

// The least and the greatest value of a readable tensor of integers. Empty if it has no values or is of another kind.
std::optional<Range> range_of(const at::Tensor& tensor);

// Whether all values of a readable tensor of floating point are in [least, most], which NaN is not. True for others.
bool all_within(const at::Tensor& tensor, double least, double most);

// Refuses values of `tensor` below `first` or from `end` on.
void expect_indices(const at::Tensor& tensor, const char* name, std::int64_t first, std::int64_t end);

// Refuses a defined tensor that has not `count` elements. An undefined one only if `required`.
void expect_numel(const at::Tensor& tensor, const char* name, std::int64_t count, bool required = false);

// Refuses two defined tensors of different sizes.
void expect_same_sizes(const at::Tensor& tensor, const char* name, c10::IntArrayRef sizes);

// Refuses an undefined tensor and one with too few or too many dimensions.
void expect_dim(const at::Tensor& tensor, const char* name, std::int64_t least, std::int64_t most = 64);

}  // namespace nodule
