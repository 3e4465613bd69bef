// Checks of arguments that libtorch's CPU kernels rely on without checking: a value out of range would read or write
// foreign memory, divide by zero or never return. Each file of checks has one table.
#pragma once

#include <vector>

#include "checks/arguments.h"

namespace nodule {

// Throws c10::Error if the operator must not be called with these arguments.
using Check = void (*)(const Arguments&);

struct CheckedOperator {
  // With the name of an overload one signature, else all signatures of this name.
  const char* name;
  Check check;
};

using CheckTable = std::vector<CheckedOperator>;

CheckTable convolution_checks();
CheckTable integer_checks();
CheckTable linear_algebra_checks();
CheckTable loss_checks();
CheckTable normalization_checks();
CheckTable pooling_checks();
CheckTable random_checks();
CheckTable recurrent_checks();
CheckTable segment_checks();
CheckTable series_checks();
CheckTable upsample_checks();

}  // namespace nodule
