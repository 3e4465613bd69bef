// Names of the values of integers that stand for a choice, as Python's functions take them.
#pragma once

#include <string>
#include <vector>

namespace nodule {

// The names by value from 0 on, if the parameter of this operator (`aten::mse_loss`) is a choice; else null.
const std::vector<std::string>* choices_of(const std::string& op, const std::string& parameter);

}  // namespace nodule
