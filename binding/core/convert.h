#pragma once

#include <string>

#include "core/operators.h"

namespace nodule {

// What converting an argument cost: 0 where it fits as it is, more where it had to be wrapped or widened, kNoFit where
// it does not fit; `found`, which may be null, then says what it is in JavaScript's terms.
constexpr int kNoFit = -1;
int convert_argument(const Argument& argument, const Parameter& parameter, bool numbers_as_tensors, c10::IValue& out,
                     std::string* found);

// What a parameter takes, in JavaScript's terms.
std::string wanted(const Parameter& parameter);

Kind kind_of(const c10::Type& type, bool& optional, bool& optional_elements);

// A result that is no Tensor and no list of Tensors.
Napi::Value plain_to_js(Napi::Env env, const c10::IValue& value);

}  // namespace nodule
