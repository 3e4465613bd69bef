#pragma once

#include <string>

#include "core/operators.h"

namespace nodule {

constexpr int kNoFit = -1;

// Converts an argument and returns the cost: 0 if it fits as it is, more if it had to be wrapped or widened, kNoFit if
// it does not fit. In that case `found`, unless null, describes the argument in JavaScript's terms.
int convert_argument(const Argument& argument, const Parameter& parameter, bool numbers_as_tensors, c10::IValue& out,
                     std::string* found);

// Describes what a parameter accepts, in JavaScript's terms.
std::string wanted(const Parameter& parameter);

Kind kind_of(const c10::Type& type, bool& optional, bool& optional_elements);

// Converts a result that is neither a Tensor nor a list of Tensors.
Napi::Value plain_to_js(Napi::Env env, const c10::IValue& value);

}  // namespace nodule
