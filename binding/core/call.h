// Calling an operator: which of its signatures is meant, its arguments, its results, and what is said where it fails.
#pragma once

#include <napi.h>

#include "core/operators.h"

namespace nodule {

// What JavaScript passes: (operator, tags, names of the keyword arguments or null, ...values), two bits of `tags` for
// each value.
struct Passed {
  napi_env env;
  std::size_t count;
  const napi_value* values;
};

struct Call {
  Operator* op;
  std::vector<Argument> positional;
  std::vector<std::string> names;
  std::vector<Argument> named;
};

Call read_call(const Passed& passed);

// How far a signature fitted before it did not, and why.
struct Misfit {
  std::size_t fitted = 0;
  std::string why;
};

// Converts the arguments by a signature: what it cost, or kNoFit. `misfit` may be null, as texts are for errors only.
int fill_stack(const Call& call, const Overload& overload, std::vector<c10::IValue>& stack, Misfit* misfit);

// The signature that fits best, and the arguments converted for it. Throws std::invalid_argument where none fits or
// where two fit equally. A conversion may run JavaScript (an array's getter).
const Overload& choose(const Call& call, std::vector<c10::IValue>& stack);

// For each result the number of the passed value that it is, or -1.
std::vector<int> returned_values(const Call& call, const Overload& overload);

// The result as TypeScript reads it: a number from 0 on is the slot of a new tensor, -1 - i is value i itself,
// everything else is an array of a string of kinds (t tensor, l list of tensors, a value, p plain) and the values.
Napi::Value results_to_js(Napi::Env env, const Overload& overload, const std::vector<int>& returned,
                          std::vector<c10::IValue>& stack);

void init_call(Napi::Env env, Napi::Object exports);

}  // namespace nodule
