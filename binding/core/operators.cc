#include "core/operators.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include "core/convert.h"
#include "core/environment.h"
#include "core/queue.h"

namespace nodule {

namespace {

// Where Python takes a number for a Tensor argument as a matter of course (python_arg_parser's
// should_allow_numbers_as_tensors), so that `add(a, 2)` is add.Tensor and `pow(a, 2)` is pow.Tensor_Scalar.
bool takes_numbers_as_tensors(std::string name) {
  static const std::array<const char*, 15> names = {
      "aten::add",      "aten::sub",      "aten::mul",         "aten::div",          "aten::subtract",
      "aten::multiply", "aten::divide",   "aten::true_divide", "aten::floor_divide", "aten::copy",
      "aten::to",       "aten::_to_copy", "aten::_conj",       "aten::add_relu",     "aten::_add_relu"};
  if (!name.empty() && name.back() == '_') name.pop_back();
  return std::any_of(names.begin(), names.end(), [&](const char* known) { return name == known; });
}

Overload describe(const c10::OperatorHandle& handle) {
  Overload overload{handle, {}, {}, {}};
  const c10::FunctionSchema& schema = handle.schema();
  std::ostringstream text;
  text << schema;
  overload.text = text.str();
  for (const c10::Argument& argument : schema.arguments()) {
    Parameter parameter{};
    parameter.name = argument.name();
    parameter.kind = kind_of(*argument.real_type(), parameter.optional, parameter.optional_elements);
    parameter.type = argument.real_type()->str();
    parameter.has_default = argument.default_value().has_value();
    if (parameter.has_default) parameter.default_value = *argument.default_value();
    parameter.kwarg_only = argument.kwarg_only();
    parameter.single_as_list = argument.N().has_value();
    parameter.list_size = argument.N().value_or(0);
    overload.parameters.push_back(std::move(parameter));
  }
  for (const c10::Argument& result : schema.returns()) {
    int alias = -1;
    if (result.alias_info() && result.alias_info()->isWrite()) {
      for (std::size_t i = 0; i < schema.arguments().size(); ++i) {
        const c10::AliasInfo* written = schema.arguments()[i].alias_info();
        if (written && written->isWrite() && written->beforeSets() == result.alias_info()->beforeSets()) {
          alias = static_cast<int>(i);
        }
      }
    }
    overload.result_alias.push_back(alias);
  }
  return overload;
}

// Fewer parameters first, a Tensor before a Scalar at the same place: the order in which Python tries signatures.
bool tried_before(const Overload& left, const Overload& right) {
  if (left.parameters.size() != right.parameters.size()) return left.parameters.size() < right.parameters.size();
  for (std::size_t i = 0; i < left.parameters.size(); ++i) {
    if (left.parameters[i].kind != right.parameters[i].kind) return left.parameters[i].kind < right.parameters[i].kind;
  }
  return false;
}

const std::multimap<std::string, std::string>& overload_names() {
  static const std::multimap<std::string, std::string> names = [] {
    std::multimap<std::string, std::string> all;
    for (const c10::OperatorName& name : c10::Dispatcher::singleton().getAllOpNames()) {
      all.emplace(name.name, name.overload_name);
    }
    return all;
  }();
  return names;
}

std::unique_ptr<Operator> find_operator(const std::string& full_name) {
  const auto dot = full_name.rfind('.');
  const std::string name = full_name.substr(0, dot);
  auto found = std::make_unique<Operator>();
  found->name = full_name;
  found->numbers_as_tensors = takes_numbers_as_tensors(name);
  const auto [begin, end] = overload_names().equal_range(name);
  for (auto it = begin; it != end; ++it) {
    if (dot != std::string::npos && it->second != full_name.substr(dot + 1)) continue;
    const auto handle = c10::Dispatcher::singleton().findSchema({name, it->second});
    if (handle) found->overloads.push_back(describe(*handle));
  }
  if (found->overloads.empty()) throw std::invalid_argument("no operator has the name '" + full_name + "'");
  std::stable_sort(found->overloads.begin(), found->overloads.end(), tried_before);
  for (const Overload& overload : found->overloads) {
    found->mutates = found->mutates || overload.handle.schema().is_mutable();
  }
  return found;
}

struct Call {
  std::vector<Argument> positional;
  Napi::Array keyword_names;
  std::vector<Argument> keyword_values;
};

int keyword_index(const Call& call, const std::string& name) {
  for (std::size_t i = 0; i < call.keyword_values.size(); ++i) {
    if (call.keyword_names.Get(static_cast<std::uint32_t>(i)).As<Napi::String>().Utf8Value() == name) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

int fill_stack(const Call& call, const Operator& op, const Overload& overload, std::vector<c10::IValue>& stack,
               std::string& why) {
  stack.clear();
  int cost = 0;
  std::size_t used_keywords = 0;
  if (call.positional.size() > overload.parameters.size()) {
    why = "takes " + std::to_string(overload.parameters.size()) + " arguments, not " +
          std::to_string(call.positional.size());
    return kNoFit;
  }
  for (std::size_t i = 0; i < overload.parameters.size(); ++i) {
    const Parameter& parameter = overload.parameters[i];
    const Argument* argument = i < call.positional.size() ? &call.positional[i] : nullptr;
    if (argument && parameter.kwarg_only) {
      why = "'" + parameter.name + "' must be given by name";
      return kNoFit;
    }
    if (!call.keyword_values.empty()) {
      const int keyword = keyword_index(call, parameter.name);
      if (keyword >= 0) {
        if (argument) {
          why = "'" + parameter.name + "' is given twice";
          return kNoFit;
        }
        argument = &call.keyword_values[static_cast<std::size_t>(keyword)];
        ++used_keywords;
      }
    }
    if (!argument) {
      if (!parameter.has_default) {
        why = "'" + parameter.name + "' (" + parameter.type + ") is missing";
        return kNoFit;
      }
      stack.push_back(parameter.default_value);
      continue;
    }
    c10::IValue value;
    std::string found;
    const int step = convert_argument(*argument, parameter, op.numbers_as_tensors, value, found);
    if (step == kNoFit) {
      why = "'" + parameter.name + "' is " + found + ", wanted is " + parameter.type;
      return kNoFit;
    }
    cost += step;
    stack.push_back(std::move(value));
  }
  if (used_keywords != call.keyword_values.size()) {
    for (std::size_t i = 0; i < call.keyword_values.size(); ++i) {
      const auto name = call.keyword_names.Get(static_cast<std::uint32_t>(i)).As<Napi::String>().Utf8Value();
      const auto known = std::any_of(overload.parameters.begin(), overload.parameters.end(),
                                     [&](const Parameter& parameter) { return parameter.name == name; });
      if (!known) why = "has no argument '" + name + "'";
    }
    return kNoFit;
  }
  return cost;
}

std::string no_fit_text(const Call& call, const Operator& op) {
  std::ostringstream text;
  text << op.name << ": no signature fits these arguments.";
  std::vector<c10::IValue> stack;
  for (const Overload& overload : op.overloads) {
    std::string why;
    fill_stack(call, op, overload, stack, why);
    text << "\n  " << overload.text << ": " << why;
  }
  return text.str();
}

// The result as TypeScript reads it: a number from 0 on is the slot of a new tensor, -1 - i is argument i itself,
// everything else is an array of a string of kinds (t tensor, l list of tensors, a argument, p plain) and the values.
Napi::Value results_to_js(Napi::Env env, const Overload& overload, std::vector<c10::IValue>& stack) {
  const std::size_t count = overload.result_alias.size();
  if (count == 1 && stack.size() == 1) {
    if (overload.result_alias[0] >= 0) return Napi::Number::New(env, -1 - overload.result_alias[0]);
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
    if (i < count && overload.result_alias[i] >= 0) {
      kinds += 'a';
      array.Set(place, Napi::Number::New(env, overload.result_alias[i]));
    } else if (stack[i].isTensor()) {
      at::Tensor tensor = stack[i].toTensor();
      kinds += tensor.defined() ? 't' : 'p';
      array.Set(place, tensor.defined() ? slot_of(env, std::move(tensor)) : env.Null());
    } else if (stack[i].isTensorList()) {
      kinds += 'l';
      array.Set(place, slots_of(env, stack[i].toTensorVector()));
    } else if (stack[i].isScalar()) {
      kinds += 'p';
      const at::Scalar scalar = stack[i].toScalar();
      array.Set(place, plain_to_js(env, scalar.isBoolean()         ? c10::IValue(scalar.toBool())
                                        : scalar.isIntegral(false) ? c10::IValue(scalar.toLong())
                                                                   : c10::IValue(scalar.toDouble())));
    } else {
      kinds += 'p';
      array.Set(place, plain_to_js(env, stack[i]));
    }
  }
  array.Set(0u, Napi::String::New(env, kinds));
  return array;
}

Tag tag_at(std::uint64_t tags, std::size_t i) { return static_cast<Tag>((tags >> (2 * i)) & 3); }

// The signature that fits the arguments best, and the arguments converted for it. Of
// (operator, tags, names of the keyword arguments or null, ...values); two bits of `tags` for each value.
const Overload& choose(const Napi::CallbackInfo& info, std::vector<c10::IValue>& best) {
  Environment& state = environment(info.Env());
  const auto number = static_cast<std::size_t>(info[0].As<Napi::Number>().Int64Value());
  const auto tags = static_cast<std::uint64_t>(info[1].As<Napi::Number>().Int64Value());
  if (number >= state.operators.size()) throw std::invalid_argument("unknown operator number");
  const Operator& op = *state.operators[number];
  Call call;
  std::size_t keywords = 0;
  if (info[2].IsArray()) {
    call.keyword_names = info[2].As<Napi::Array>();
    keywords = call.keyword_names.Length();
  }
  const std::size_t values = info.Length() - 3;
  call.positional.reserve(values - keywords);
  for (std::size_t i = 0; i < values; ++i) {
    auto& target = i < values - keywords ? call.positional : call.keyword_values;
    target.push_back({info[i + 3], tag_at(tags, i)});
  }
  std::vector<c10::IValue> stack;
  const Overload* chosen = nullptr;
  const Overload* rival = nullptr;
  int best_cost = kNoFit;
  std::string why;
  for (const Overload& overload : op.overloads) {
    const int cost = fill_stack(call, op, overload, stack, why);
    if (cost == kNoFit) continue;
    if (best_cost == kNoFit || cost < best_cost) {
      best_cost = cost;
      chosen = &overload;
      rival = nullptr;
      best = std::move(stack);
      stack = {};
      if (cost == 0) break;
    } else if (cost == best_cost && overload.parameters.size() == chosen->parameters.size()) {
      rival = &overload;
    }
  }
  if (!chosen) throw std::invalid_argument(no_fit_text(call, op));
  if (rival) {
    throw std::invalid_argument(op.name + ": two signatures fit equally, name one as op('" + op.name +
                                ".<overload>'):\n  " + chosen->text + "\n  " + rival->text);
  }
  return *chosen;
}

Napi::Value call_operator(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    std::vector<c10::IValue> stack;
    // A conversion may have run JavaScript; nothing of the arguments is used after it.
    const Overload& overload = choose(info, stack);
    overload.handle.callBoxed(stack);
    return results_to_js(info.Env(), overload, stack);
  });
}

// As call_operator, off the thread: a promise of the same result. The stack keeps the arguments alive.
Napi::Value call_operator_async(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    const auto stack = std::make_shared<std::vector<c10::IValue>>();
    const Overload* overload = &choose(info, *stack);
    if (overload->handle.schema().is_mutable()) {
      throw std::invalid_argument("writes to its arguments and cannot run beside this thread: " + overload->text);
    }
    return enqueue(
        info.Env(), [overload, stack] { overload->handle.callBoxed(*stack); },
        [overload, stack](Napi::Env env) { return results_to_js(env, *overload, *stack); });
  });
}

Napi::Value resolve_operator(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    Napi::Env env = info.Env();
    auto& operators = environment(env).operators;
    operators.push_back(find_operator(info[0].As<Napi::String>().Utf8Value()));
    auto result = Napi::Object::New(env);
    result.Set("number", static_cast<double>(operators.size() - 1));
    result.Set("mutates", operators.back()->mutates);
    auto schemas = Napi::Array::New(env);
    for (std::size_t i = 0; i < operators.back()->overloads.size(); ++i) {
      schemas.Set(static_cast<std::uint32_t>(i), operators.back()->overloads[i].text);
    }
    result.Set("schemas", schemas);
    return result;
  });
}

Napi::Value operator_names(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    auto array = Napi::Array::New(info.Env());
    std::uint32_t i = 0;
    for (const auto& [name, overload] : overload_names()) {
      array.Set(i++, overload.empty() ? name : name + "." + overload);
    }
    return array;
  });
}

}  // namespace

void init_operators(Napi::Env env, Napi::Object exports) {
  exports.Set("call", Napi::Function::New(env, call_operator, "call"));
  exports.Set("callAsync", Napi::Function::New(env, call_operator_async, "callAsync"));
  exports.Set("resolveOperator", Napi::Function::New(env, resolve_operator, "resolveOperator"));
  exports.Set("operatorNames", Napi::Function::New(env, operator_names, "operatorNames"));
}

}  // namespace nodule
