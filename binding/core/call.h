// Calling an operator: choosing its signature, converting arguments and results, and error messages.
#pragma once

#include <napi.h>

#include "core/operators.h"

namespace nodule {

// What JavaScript passes: (operator number, tags, names of the keyword arguments or null, ...values), with two bits of
// `tags` per value.
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

// How many arguments fitted a signature, and why the next one did not.
struct Misfit {
  std::size_t fitted = 0;
  std::string why;
};

// Converts the arguments for a signature. Returns the cost, or kNoFit; then it fills `misfit`, unless that is null.
int fill_stack(const Call& call, const Overload& overload, std::vector<c10::IValue>& stack, Misfit* misfit);

// Returns the signature that fits best and fills `stack` with the arguments converted for it. Throws
// std::invalid_argument if none fits or two fit equally well. A conversion may run JavaScript (an array's getter).
const Overload& choose(const Call& call, std::vector<c10::IValue>& stack);

// For each result, the index of the passed value that it is, or -1.
std::vector<int> returned_values(const Call& call, const Overload& overload);

// The result as TypeScript reads it: a number >= 0 is the slot of a new tensor, -1 - i is the passed value i. Anything
// else is an array: a string with one letter per result (t tensor, l list of tensors, a passed value, p plain), then
// the results.
Napi::Value results_to_js(Napi::Env env, const Overload& overload, const std::vector<int>& returned,
                          std::vector<c10::IValue>& stack);

void init_call(Napi::Env env, Napi::Object exports);

}  // namespace nodule
