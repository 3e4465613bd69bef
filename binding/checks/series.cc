// Counts that decide how long a loop runs.
#include <cmath>

#include "checks/checks.h"

namespace nodule {

namespace {

// Whole numbers beyond this leave no room for the sums that the kernels form.
constexpr double kMostWhole = 4611686018427387904.0;
// The recurrences of polynomials have lost all digits long before.
constexpr double kMostDegree = 1000000.0;

void check_arange(const Arguments& arguments) {
  for (const char* name : {"start", "end", "step"}) {
    const auto value = arguments.number(name);
    TORCH_CHECK(!value || !arguments.integer(name) || std::fabs(*value) <= kMostWhole, "'", name, "' is ",
                arguments.integer(name).value_or(0), ", expected a number from -2^62 to 2^62");
  }
  // The kernels for integers divide by the whole part of the step.
  const auto step = arguments.number("step");
  const auto dtype = arguments.integer("dtype");
  const at::Tensor out = arguments.tensor("out");
  const bool of_integers = (dtype && at::isIntegralType(static_cast<at::ScalarType>(*dtype), true)) ||
                           (out.defined() && at::isIntegralType(out.scalar_type(), true));
  TORCH_CHECK(!step || !of_integers || std::fabs(*step) >= 1, "'step' is ", *step,
              ", expected at least 1 or at most -1 for integers");
}

void check_degree(const Arguments& arguments) {
  const auto degree = arguments.number("n");
  const at::Tensor degrees = arguments.tensor("n");
  const auto range = range_of(degrees);
  const bool small = (!degree || !(*degree > kMostDegree)) && (!range || range->most <= kMostDegree) &&
                     (!degrees.defined() || all_within(degrees.nan_to_num(0, 1e30, -1), -1e300, kMostDegree));
  TORCH_CHECK(small, "'n' contains a degree above ", static_cast<std::int64_t>(kMostDegree));
}

}  // namespace

CheckTable series_checks() {
  return {{"aten::arange", check_arange},
          {"aten::range", check_arange},
          {"aten::special_chebyshev_polynomial_t", check_degree},
          {"aten::special_chebyshev_polynomial_u", check_degree},
          {"aten::special_chebyshev_polynomial_v", check_degree},
          {"aten::special_chebyshev_polynomial_w", check_degree},
          {"aten::special_hermite_polynomial_h", check_degree},
          {"aten::special_hermite_polynomial_he", check_degree},
          {"aten::special_laguerre_polynomial_l", check_degree},
          {"aten::special_legendre_polynomial_p", check_degree},
          {"aten::special_shifted_chebyshev_polynomial_t", check_degree},
          {"aten::special_shifted_chebyshev_polynomial_u", check_degree},
          {"aten::special_shifted_chebyshev_polynomial_v", check_degree},
          {"aten::special_shifted_chebyshev_polynomial_w", check_degree}};
}

}  // namespace nodule
