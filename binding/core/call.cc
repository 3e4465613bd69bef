#include "core/call.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/call_errors.h"
#include "core/convert.h"
#include "core/environment.h"
#include "core/names.h"
#include "core/queue.h"
#include "core/sizes_guard.h"
#include "core/sparse_indices.h"

namespace nodule {

namespace {

// More than any schema has, and few enough that two tag bits for each fit into a JavaScript number.
constexpr std::size_t kMostArguments = 26;
constexpr std::size_t kMostChoices = 32;

Tag tag_at(std::uint64_t tags, std::size_t i) { return static_cast<Tag>((tags >> (2 * i)) & 3); }

double number_of(napi_env env, napi_value value) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    throw std::invalid_argument("calling an operator: its number, its tags or a tensor slot is not a number");
  }
  return number;
}

std::uint64_t code_of(const Argument& argument) {
  if (argument.tag == Tag::kTensor) return 1;
  if (argument.tag == Tag::kTensorList) return 0;
  switch (argument.value.Type()) {
    case napi_number: {
      const double number = argument.value.As<Napi::Number>().DoubleValue();
      return std::trunc(number) == number && std::fabs(number) < 9007199254740991.0 ? 2 : 3;
    }
    case napi_boolean:
      return 4;
    case napi_null:
      return 5;
    case napi_undefined:
      return 6;
    default:
      return 0;
  }
}

// Three bits for each argument; 0 if the kinds alone do not decide which signature fits (strings, arrays, keywords).
std::uint64_t kinds_of(const Call& call) {
  if (!call.named.empty() || call.positional.size() > 20) return 0;
  std::uint64_t kinds = 1;
  for (const Argument& argument : call.positional) {
    const std::uint64_t code = code_of(argument);
    if (code == 0) return 0;
    kinds = kinds * 8 + code;
  }
  return kinds;
}

const Overload* known_choice(const Operator& op, std::uint64_t kinds) {
  for (const Operator::Choice& choice : op.choices) {
    if (choice.kinds == kinds) return choice.overload;
  }
  return nullptr;
}

// Of signatures that fit equally well, Python takes the first that is declared, which has no name of its own. Those of
// std and var differ in an argument that has the same meaning where it is left out.
bool is_preferred(const Overload& overload) {
  const std::string& name = overload.handle.schema().overload_name();
  return name.empty() || name == "correction";
}

const Overload& search(const Call& call, std::vector<c10::IValue>& best, int& best_cost) {
  std::vector<c10::IValue> stack;
  const Overload* chosen = nullptr;
  const Overload* rival = nullptr;
  best_cost = kNoFit;
  for (const Overload& overload : call.op->overloads) {
    const int cost = fill_stack(call, overload, stack, nullptr);
    if (cost == kNoFit) continue;
    if (best_cost == kNoFit || cost < best_cost) {
      best_cost = cost;
      chosen = &overload;
      rival = nullptr;
      best.swap(stack);
      if (cost == 0) break;
    } else if (cost == best_cost && overload.parameters.size() == chosen->parameters.size()) {
      if (is_preferred(*chosen)) continue;
      rival = &overload;
      if (!is_preferred(overload)) continue;
      chosen = &overload;
      rival = nullptr;
      best.swap(stack);
    }
  }
  if (!chosen) throw std::invalid_argument(no_fit_text(call));
  if (rival) throw std::invalid_argument(rivals_text(call, *chosen, *rival));
  return *chosen;
}

// Calls with one or two tensors and nothing else, without a stack. Empty if the operator has no direct form for them.
std::optional<double> call_direct(Environment& state, Operator& op, const Passed& passed) {
  const std::size_t tensors = passed.count - 3;
  const Overload* overload = known_choice(op, tensors == 1 ? 011 : 0111);
  if (!overload) return std::nullopt;
  const DirectCall& direct = overload->direct;
  const at::Tensor& first = state.slots.at(number_of(passed.env, passed.values[3]));
  if (tensors == 1) {
    if (direct.unary) return state.slots.put(direct.unary->call(first));
    if (!direct.unary_in_place) return std::nullopt;
    at::Tensor self = first;
    direct.unary_in_place->call(self);
    return -1;
  }
  const at::Tensor& second = state.slots.at(number_of(passed.env, passed.values[4]));
  if (direct.binary) return state.slots.put(direct.binary->call(first, second));
  if (direct.binary_scaled) return state.slots.put(direct.binary_scaled->call(first, second, direct.scale));
  at::Tensor self = first;
  if (direct.binary_in_place) {
    direct.binary_in_place->call(self, second);
    return -1;
  }
  if (!direct.binary_scaled_in_place) return std::nullopt;
  direct.binary_scaled_in_place->call(self, second, direct.scale);
  return -1;
}

Operator& operator_of(Environment& state, const Passed& passed) {
  const auto number = static_cast<std::size_t>(number_of(passed.env, passed.values[0]));
  if (number >= state.operators.size()) throw std::invalid_argument("calling an operator: unknown operator number");
  return *state.operators[number];
}

void call_boxed(const Overload& overload, std::vector<c10::IValue>& stack) {
  if (overload.shares_indices == SharesIndices::kKeeps) copy_kept_indices(overload, stack);
  overload.handle.callBoxed(stack);
  if (overload.shares_indices == SharesIndices::kShows) copy_shown_indices(stack);
}

napi_value call_operator(Environment& state, const Passed& passed) {
  Operator& op = operator_of(state, passed);
  const auto tags = static_cast<std::uint64_t>(number_of(passed.env, passed.values[1]));
  const bool tensors_only = (passed.count == 4 && tags == 1) || (passed.count == 5 && tags == 5);
  if (tensors_only) {
    std::optional<double> slot;
    try {
      slot = call_direct(state, op, passed);
    } catch (const c10::Error& error) {
      rethrow_with_call(read_call(passed), *known_choice(op, passed.count == 4 ? 011 : 0111), error);
    }
    if (slot) {
      napi_value result = nullptr;
      napi_create_double(passed.env, *slot, &result);
      return result;
    }
  }
  const Call call = read_call(passed);
  std::vector<c10::IValue> stack;
  const Overload& overload = choose(call, stack);
  try {
    const SizesGuard restored_if_it_fails(op, overload, stack);
    call_boxed(overload, stack);
  } catch (const c10::Error& error) {
    rethrow_with_call(call, overload, error);
  }
  return results_to_js(passed.env, overload, returned_values(call, overload), stack);
}

// Bypasses node-addon-api's wrapper, which costs a tenth of the time of a small operator.
napi_value call_entry(napi_env env, napi_callback_info info) {
  napi_value values[3 + kMostArguments];
  std::size_t count = 3 + kMostArguments;
  void* state = nullptr;
  napi_get_cb_info(env, info, &count, values, nullptr, &state);
  try {
    if (count < 3 || count > 3 + kMostArguments) {
      throw std::invalid_argument("calling an operator: found " + std::to_string(count) + " values, expected 3 to " +
                                  std::to_string(3 + kMostArguments));
    }
    return call_operator(*static_cast<Environment*>(state), {env, count, values});
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (const std::exception& error) {
    to_js_error(env, error).ThrowAsJavaScriptException();
  }
  return nullptr;
}

// Like call_operator, off the JavaScript thread: a promise of the same result. The stack keeps the arguments alive.
Napi::Value call_operator_async(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    std::vector<napi_value> values(info.Length());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = info[i];
    const auto stack = std::make_shared<std::vector<c10::IValue>>();
    const Overload* overload = &choose(read_call({info.Env(), values.size(), values.data()}), *stack);
    if (overload->handle.schema().is_mutable()) {
      throw std::invalid_argument("it writes to its arguments, so it cannot run off the JavaScript thread; schema " +
                                  overload->text);
    }
    return enqueue(
        info.Env(), [overload, stack] { call_boxed(*overload, *stack); },
        [overload, stack](Napi::Env env) { return results_to_js(env, *overload, overload->result_alias, *stack); });
  });
}

}  // namespace

int fill_stack(const Call& call, const Overload& overload, std::vector<c10::IValue>& stack, Misfit* misfit) {
  const auto no_fit = [&](const std::string& why) {
    if (misfit) *misfit = {stack.size(), why};
    return kNoFit;
  };
  stack.clear();
  const auto& parameters = overload.parameters;
  if (call.positional.size() > parameters.size()) {
    if (!misfit) return kNoFit;
    return no_fit("it takes " + std::to_string(parameters.size()) + " argument" + (parameters.size() == 1 ? "" : "s") +
                  ", not " + std::to_string(call.positional.size()));
  }
  stack.reserve(parameters.size());
  int cost = 0;
  std::size_t used_names = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    const Argument* argument = i < call.positional.size() ? &call.positional[i] : nullptr;
    if (argument && parameter.kwarg_only) {
      return misfit ? no_fit("'" + parameter.name + "' must be passed by name, in an object at the end") : kNoFit;
    }
    if (!call.names.empty()) {
      const auto found = std::find(call.names.begin(), call.names.end(), parameter.name);
      if (found != call.names.end()) {
        if (argument) return misfit ? no_fit("'" + parameter.name + "' is given twice") : kNoFit;
        argument = &call.named[static_cast<std::size_t>(found - call.names.begin())];
        ++used_names;
      }
    }
    if (!argument) {
      if (!parameter.has_default) {
        return misfit ? no_fit("'" + parameter.name + "' is missing, expected " + wanted(parameter)) : kNoFit;
      }
      stack.push_back(parameter.default_value);
      continue;
    }
    c10::IValue value;
    std::string found;
    const int step =
        convert_argument(*argument, parameter, call.op->numbers_as_tensors, value, misfit ? &found : nullptr);
    if (step == kNoFit) {
      return misfit ? no_fit("'" + parameter.name + "' is " + found + ", expected " + wanted(parameter)) : kNoFit;
    }
    cost += step;
    stack.push_back(std::move(value));
  }
  if (used_names == call.names.size()) return cost;
  if (!misfit) return kNoFit;
  for (const std::string& name : call.names) {
    const auto is_it = [&](const Parameter& parameter) { return parameter.name == name; };
    if (std::none_of(parameters.begin(), parameters.end(), is_it)) return no_fit("it has no argument '" + name + "'");
  }
  return no_fit("an argument is given twice");
}

Call read_call(const Passed& passed) {
  Call call;
  call.op = &operator_of(environment(passed.env), passed);
  const auto tags = static_cast<std::uint64_t>(number_of(passed.env, passed.values[1]));
  const Napi::Value names(passed.env, passed.values[2]);
  if (names.IsArray()) {
    const auto array = names.As<Napi::Array>();
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      call.names.push_back(array.Get(i).As<Napi::String>().Utf8Value());
    }
  }
  const std::size_t values = passed.count - 3;
  call.positional.reserve(values);
  for (std::size_t i = 0; i < values; ++i) {
    auto& target = i < values - call.names.size() ? call.positional : call.named;
    target.push_back({Napi::Value(passed.env, passed.values[i + 3]), tag_at(tags, i)});
  }
  return call;
}

const Overload& choose(const Call& call, std::vector<c10::IValue>& stack) {
  const std::uint64_t kinds = kinds_of(call);
  if (kinds != 0) {
    const Overload* known = known_choice(*call.op, kinds);
    if (known && fill_stack(call, *known, stack, nullptr) != kNoFit) return *known;
  }
  int cost = kNoFit;
  const Overload& chosen = search(call, stack, cost);
  // At cost 0 it is the first signature for arguments of these kinds, so the kinds alone decide.
  auto& choices = call.op->choices;
  if (kinds != 0 && cost == 0 && choices.size() < kMostChoices) choices.push_back({kinds, &chosen});
  return chosen;
}

std::vector<int> returned_values(const Call& call, const Overload& overload) {
  std::vector<int> returned = overload.result_alias;
  for (int& place : returned) {
    if (place < static_cast<int>(call.positional.size())) continue;
    const std::string& name = overload.parameters[static_cast<std::size_t>(place)].name;
    const auto found = std::find(call.names.begin(), call.names.end(), name);
    place = found == call.names.end() ? -1 : static_cast<int>(call.positional.size() + (found - call.names.begin()));
  }
  return returned;
}

Napi::Value results_to_js(Napi::Env env, const Overload& overload, const std::vector<int>& returned,
                          std::vector<c10::IValue>& stack) {
  const std::size_t count = returned.size();
  if (count == 1 && stack.size() == 1) {
    if (returned[0] >= 0) return Napi::Number::New(env, -1 - returned[0]);
    if (stack[0].isTensor()) {
      at::Tensor tensor = std::move(stack[0]).toTensor();
      if (tensor.defined()) return slot_of(env, std::move(tensor));
      stack[0] = c10::IValue();
    }
  }
  std::string kinds;
  auto array = Napi::Array::New(env, stack.size() + 1);
  for (std::size_t i = 0; i < stack.size(); ++i) {
    const auto place = static_cast<std::uint32_t>(i + 1);
    if (i < count && returned[i] >= 0) {
      kinds += 'a';
      array.Set(place, Napi::Number::New(env, returned[i]));
    } else if (stack[i].isTensor()) {
      at::Tensor tensor = stack[i].toTensor();
      kinds += tensor.defined() ? 't' : 'p';
      array.Set(place, tensor.defined() ? slot_of(env, std::move(tensor)) : env.Null());
    } else if (stack[i].isTensorList()) {
      kinds += 'l';
      array.Set(place, slots_of(env, stack[i].toTensorVector()));
    } else if (i < count && overload.result_is_dtype[i]) {
      kinds += 'p';
      array.Set(place, Napi::String::New(env, name_of_dtype(stack[i].toScalarType())));
    } else {
      kinds += 'p';
      array.Set(place, plain_to_js(env, stack[i]));
    }
  }
  array.Set(0u, Napi::String::New(env, kinds));
  return array;
}

void init_call(Napi::Env env, Napi::Object exports) {
  napi_value function = nullptr;
  napi_create_function(env, "call", NAPI_AUTO_LENGTH, call_entry, &environment(env), &function);
  exports.Set("call", Napi::Value(env, function));
  exports.Set("callAsync", Napi::Function::New(env, call_operator_async, "callAsync"));
}

}  // namespace nodule
