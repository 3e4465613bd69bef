// Division of integers: the processor traps where the quotient does not fit, which is the least integer over -1.
#include <ATen/ATen.h>

#include <limits>

#include "checks/checks.h"

namespace nodule {

namespace {

std::int64_t least_of(at::ScalarType type) {
  return type == at::kInt ? std::numeric_limits<std::int32_t>::min() : std::numeric_limits<std::int64_t>::min();
}

// One of the two operands: a tensor, or a number.
struct Operand {
  at::Tensor tensor;
  std::optional<std::int64_t> number;

  Operand(const Arguments& arguments, const char* name)
      : tensor(arguments.tensor(name)), number(arguments.integer(name)) {}

  bool may_contain(std::int64_t value) const {
    if (number) return *number == value;
    const auto range = range_of(tensor);
    return range && range->least <= value && value <= range->most;
  }

  at::Tensor equals(std::int64_t value) const {
    return number ? at::scalar_tensor(*number == value, at::kBool) : at::eq(tensor, value);
  }
};

// The dtype that kernels divide in, if dividing in it can trap.
std::optional<at::ScalarType> trapping_type(const Operand& left, const Operand& right) {
  at::ScalarType type = at::kLong;
  if (left.tensor.defined() && right.tensor.defined()) {
    type = at::result_type(left.tensor, right.tensor);
  } else if (left.tensor.defined() || right.tensor.defined()) {
    type = (left.tensor.defined() ? left.tensor : right.tensor).scalar_type();
  }
  return type == at::kInt || type == at::kLong ? std::optional(type) : std::nullopt;
}

void check_division(const Arguments& arguments) {
  const Operand self(arguments, "self");
  const Operand other(arguments, "other");
  const auto type = trapping_type(self, other);
  if (!type || !other.may_contain(-1) || !self.may_contain(least_of(*type))) return;
  if ((self.tensor.defined() && !is_readable(self.tensor)) || (other.tensor.defined() && !is_readable(other.tensor))) {
    return;
  }
  const bool traps = at::logical_and(self.equals(least_of(*type)), other.equals(-1)).any().item<bool>();
  TORCH_CHECK(!traps, "found ", least_of(*type), " divided by -1, which has no result in ", *type);
}

void check_lcm(const Arguments& arguments) {
  const Operand self(arguments, "self");
  const Operand other(arguments, "other");
  const auto type = trapping_type(self, other);
  if (!type) return;
  for (const Operand* operand : {&self, &other}) {
    TORCH_CHECK(!operand->may_contain(least_of(*type)), "found ", least_of(*type), ", whose least common multiples ",
                *type, " cannot hold");
  }
}

// Sums of integers are divided by the divisor.
void check_divisor(const Arguments& arguments) {
  const at::Tensor self = arguments.tensor("self");
  if (!self.defined() || at::isFloatingType(self.scalar_type())) return;
  const auto divisor = arguments.integer("divisor_override");
  TORCH_CHECK(!divisor || *divisor > 0, "'divisor_override' is ", *divisor, ", expected at least 1 for ",
              self.scalar_type());
}

}  // namespace

CheckTable integer_checks() {
  return {{"aten::div.Tensor_mode", check_division},
          {"aten::div.out_mode", check_division},
          {"aten::div_.Tensor_mode", check_division},
          {"aten::div.Scalar_mode", check_division},
          {"aten::div.Scalar_mode_out", check_division},
          {"aten::div_.Scalar_mode", check_division},
          {"aten::floor_divide", check_division},
          {"aten::floor_divide_", check_division},
          {"aten::fmod", check_division},
          {"aten::fmod_", check_division},
          {"aten::remainder", check_division},
          {"aten::remainder_", check_division},
          {"aten::lcm", check_lcm},
          {"aten::lcm_", check_lcm},
          {"aten::avg_pool2d", check_divisor},
          {"aten::avg_pool3d", check_divisor}};
}

}  // namespace nodule
