#include "core/operators.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include "core/call.h"
#include "core/choices.h"
#include "core/convert.h"
#include "core/environment.h"
#include "core/sparse_indices.h"

namespace nodule {

namespace {

// Whether Python accepts a number for a Tensor argument of this operator (should_allow_numbers_as_tensors in
// python_arg_parser), so that `add(a, 2)` is add.Tensor and `pow(a, 2)` is pow.Tensor_Scalar.
bool takes_numbers_as_tensors(std::string name) {
  static const std::array<const char*, 15> names = {
      "aten::add",      "aten::sub",      "aten::mul",         "aten::div",          "aten::subtract",
      "aten::multiply", "aten::divide",   "aten::true_divide", "aten::floor_divide", "aten::copy",
      "aten::to",       "aten::_to_copy", "aten::_conj",       "aten::add_relu",     "aten::_add_relu"};
  if (!name.empty() && name.back() == '_') name.pop_back();
  return std::any_of(names.begin(), names.end(), [&](const char* known) { return name == known; });
}

template <class Signature>
std::optional<c10::TypedOperatorHandle<Signature>> typed(const c10::OperatorHandle& handle) {
  try {
    return handle.typed<Signature>();
  } catch (const std::exception&) {
    return std::nullopt;  // the kernels were registered with another C++ signature
  }
}

DirectCall direct_call(const Overload& overload) {
  DirectCall direct;
  const auto& parameters = overload.parameters;
  if (parameters.empty() || parameters.size() > 3 || overload.result_alias.size() != 1) return direct;
  const std::size_t tensors = std::min<std::size_t>(parameters.size(), 2);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    const bool fits = i < tensors ? parameter.kind == Kind::kTensor && !parameter.optional && !parameter.kwarg_only
                                  : parameter.kind == Kind::kScalar && !parameter.optional && parameter.has_default;
    if (!fits || (parameter.written && i > 0)) return direct;
  }
  const c10::FunctionSchema& schema = overload.handle.schema();
  if (schema.returns()[0].type()->kind() != c10::TypeKind::TensorType) return direct;
  if (parameters.size() == 3) direct.scale = parameters[2].default_value.toScalar();
  const bool in_place = parameters[0].written;
  if (in_place != (overload.result_alias[0] == 0)) return direct;
  if (in_place) {
    if (parameters.size() == 1) direct.unary_in_place = typed<DirectCall::UnaryInPlace>(overload.handle);
    if (parameters.size() == 2) direct.binary_in_place = typed<DirectCall::BinaryInPlace>(overload.handle);
    if (parameters.size() == 3) direct.binary_scaled_in_place = typed<DirectCall::BinaryScaledInPlace>(overload.handle);
  } else {
    if (parameters.size() == 1) direct.unary = typed<DirectCall::Unary>(overload.handle);
    if (parameters.size() == 2) direct.binary = typed<DirectCall::Binary>(overload.handle);
    if (parameters.size() == 3) direct.binary_scaled = typed<DirectCall::BinaryScaled>(overload.handle);
  }
  return direct;
}

// An in-place view (t_), a storage replaced in place (set_, resize_) or an `out` that is resized.
bool may_reshape(const Overload& overload) {
  if (overload.handle.hasTag(at::Tag::inplace_view)) return true;
  const std::string& name = overload.handle.schema().name();
  const bool in_place = !name.empty() && name.back() == '_';
  const bool resizes = name.find("resize") != std::string::npos || name.rfind("aten::set_", 0) == 0;
  return std::any_of(overload.parameters.begin(), overload.parameters.end(), [&](const Parameter& parameter) {
    return parameter.written && (!in_place || parameter.kwarg_only || resizes);
  });
}

Overload describe(const c10::OperatorHandle& handle) {
  Overload overload{handle, {}, {}, {}, {}, {}, {}};
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
    parameter.written = argument.alias_info() && argument.alias_info()->isWrite();
    parameter.single_as_list = argument.N().has_value();
    parameter.list_size = argument.N().value_or(0);
    parameter.choices = choices_of(schema.name(), parameter.name);
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
    overload.result_is_dtype.push_back(result.real_type()->kind() == c10::TypeKind::ScalarTypeType);
  }
  overload.shares_indices = shares_indices(schema.name());
  if (overload.shares_indices == SharesIndices::kNo) overload.direct = direct_call(overload);
  return overload;
}

// Fewer parameters first, a Tensor before a Scalar at the same position: the order in which Python tries signatures.
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

std::string full_name(const std::string& name, const std::string& overload) {
  return overload.empty() ? name : name + "." + overload;
}

Napi::Value resolve_operator(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    Napi::Env env = info.Env();
    auto& operators = environment(env).operators;
    std::vector<std::string> left_out;
    const auto names = info[1].As<Napi::Array>();
    for (std::uint32_t i = 0; i < names.Length(); ++i) {
      left_out.push_back(names.Get(i).As<Napi::String>().Utf8Value());
    }
    operators.push_back(find_operator(info[0].As<Napi::String>().Utf8Value(), left_out));
    const Operator& found = *operators.back();
    auto result = Napi::Object::New(env);
    result.Set("number", static_cast<double>(operators.size() - 1));
    result.Set("reshapes", found.reshapes);
    result.Set("numbersAsTensors", found.numbers_as_tensors);
    auto schemas = Napi::Array::New(env);
    for (std::size_t i = 0; i < found.overloads.size(); ++i) {
      schemas.Set(static_cast<std::uint32_t>(i), found.overloads[i].text);
    }
    result.Set("schemas", schemas);
    auto choices = Napi::Object::New(env);
    for (const Overload& overload : found.overloads) {
      for (const Parameter& parameter : overload.parameters) {
        if (!parameter.choices) continue;
        auto list = Napi::Array::New(env);
        for (std::uint32_t i = 0; i < parameter.choices->size(); ++i) list.Set(i, (*parameter.choices)[i]);
        choices.Set(parameter.name, list);
      }
    }
    result.Set("choices", choices);
    return result;
  });
}

Napi::Value operator_names(const Napi::CallbackInfo& info) {
  return guard(info, [&]() -> Napi::Value {
    auto array = Napi::Array::New(info.Env());
    std::uint32_t i = 0;
    for (const auto& [name, overload] : overload_names()) array.Set(i++, full_name(name, overload));
    return array;
  });
}

}  // namespace

std::unique_ptr<Operator> find_operator(const std::string& wanted, const std::vector<std::string>& left_out) {
  const auto dot = wanted.rfind('.');
  const std::string name = wanted.substr(0, dot);
  auto found = std::make_unique<Operator>();
  found->name = wanted;
  found->numbers_as_tensors = takes_numbers_as_tensors(name);
  found->reshapes = false;
  bool known = false;
  const auto [begin, end] = overload_names().equal_range(name);
  for (auto it = begin; it != end; ++it) {
    if (dot != std::string::npos && it->second != wanted.substr(dot + 1)) continue;
    const auto handle = c10::Dispatcher::singleton().findSchema({name, it->second});
    if (!handle) continue;
    known = true;
    if (std::find(left_out.begin(), left_out.end(), full_name(name, it->second)) != left_out.end()) continue;
    found->overloads.push_back(describe(*handle));
  }
  if (!known) throw std::invalid_argument("no operator has the name '" + wanted + "'");
  std::stable_sort(found->overloads.begin(), found->overloads.end(), tried_before);
  for (const Overload& overload : found->overloads) found->reshapes = found->reshapes || may_reshape(overload);
  return found;
}

void init_operators(Napi::Env env, Napi::Object exports) {
  exports.Set("resolveOperator", Napi::Function::New(env, resolve_operator, "resolveOperator"));
  exports.Set("operatorNames", Napi::Function::New(env, operator_names, "operatorNames"));
  init_call(env, exports);
}

}  // namespace nodule
