// Parameters of distributions that are sampled by rejection, which never ends for NaN.
#include "checks/checks.h"

namespace nodule {

namespace {

constexpr double kMostTrials = 9007199254740992.0;

void check_binomial(const Arguments& arguments) {
  TORCH_CHECK(all_within(arguments.tensor("count"), 0, kMostTrials),
              "'count' contains a value that is not from 0 to 2^53");
  TORCH_CHECK(all_within(arguments.tensor("prob"), 0, 1), "'prob' contains a value that is not from 0 to 1");
}

void check_gamma(const Arguments& arguments) {
  TORCH_CHECK(all_within(arguments.tensor("self"), 0, kMostTrials), "a parameter is not from 0 to 2^53");
}

}  // namespace

CheckTable random_checks() {
  return {{"aten::binomial", check_binomial},
          {"aten::_standard_gamma", check_gamma},
          {"aten::_sample_dirichlet", check_gamma},
          {"aten::poisson", check_gamma}};
}

}  // namespace nodule
