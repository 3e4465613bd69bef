// Random numbers: parameters of distributions that are sampled by rejection, which never ends for NaN, and noise.
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

// The slope of each value is drawn into a tensor that is as large.
void check_noise(const Arguments& arguments) {
  const at::Tensor self = arguments.tensor("self");
  expect_dim(self, "self", 0);
  expect_same_sizes(arguments.tensor("noise"), "noise", self.sizes());
  const at::Tensor out = arguments.tensor("out");
  TORCH_CHECK(!out.defined() || out.scalar_type() == self.scalar_type(), "'out' has another dtype than 'self'");
  expect_same_sizes(out, "out", self.sizes());
}

}  // namespace

CheckTable random_checks() {
  return {{"aten::binomial", check_binomial},       {"aten::rrelu_with_noise", check_noise},
          {"aten::rrelu_with_noise_", check_noise}, {"aten::_standard_gamma", check_gamma},
          {"aten::_sample_dirichlet", check_gamma}, {"aten::poisson", check_gamma}};
}

}  // namespace nodule
