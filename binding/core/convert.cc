#include "core/convert.h"

#include <ATen/ATen.h>
#include <ATen/ScalarOps.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "core/names.h"
#include "core/slots.h"

namespace nodule {

namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

void say(std::string* found, const char* text) {
  if (found) *found = text;
}

std::string number_text(double number) {
  std::ostringstream text;
  text.precision(17);
  text << number;
  return text.str();
}

std::string found_text(const Argument& argument) {
  constexpr std::size_t kShown = 40;
  if (argument.tag == Tag::kTensor) return "a Tensor";
  if (argument.tag == Tag::kTensorList) return "an array of Tensors";
  const Napi::Value& value = argument.value;
  if (value.IsNumber()) return "the number " + number_text(value.As<Napi::Number>().DoubleValue());
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value() ? "true" : "false";
  if (value.IsBigInt()) return "a bigint";
  if (value.IsString()) {
    const std::string text = value.As<Napi::String>().Utf8Value();
    return "the string '" + (text.size() > kShown ? text.substr(0, kShown) + "…" : text) + "'";
  }
  if (value.IsArray()) return "an array";
  if (value.IsNull()) return "null";
  if (value.IsUndefined()) return "undefined";
  return "an object";
}

bool to_int(const Napi::Value& value, std::int64_t& out, std::string* found) {
  if (value.IsBigInt()) {
    bool lossless = false;
    out = value.As<Napi::BigInt>().Int64Value(&lossless);
    if (!lossless) say(found, "a bigint beyond 64 bits");
    return lossless;
  }
  if (!value.IsNumber()) return false;
  const double number = value.As<Napi::Number>().DoubleValue();
  if (std::trunc(number) != number || std::fabs(number) > kMaxSafeInteger) {
    if (found) {
      *found = "the number " + number_text(number) +
               (std::fabs(number) > kMaxSafeInteger ? ", which is beyond 2^53 (use a bigint)" : ", which is not whole");
    }
    return false;
  }
  out = static_cast<std::int64_t>(number);
  return true;
}

// A whole number becomes an integer scalar (int64 tensor * 2 stays int64), like a literal without a point in Python.
bool to_scalar(const Napi::Value& value, at::Scalar& out, std::string* found) {
  if (value.IsBoolean()) {
    out = value.As<Napi::Boolean>().Value();
    return true;
  }
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    const bool whole = std::trunc(number) == number && std::fabs(number) <= kMaxSafeInteger && !std::signbit(number);
    const bool negative_whole = std::trunc(number) == number && number < 0 && number >= -kMaxSafeInteger;
    if (whole || negative_whole) {
      out = static_cast<std::int64_t>(number);
    } else {
      out = number;
    }
    return true;
  }
  std::int64_t integer = 0;
  if (value.IsBigInt() && to_int(value, integer, found)) {
    out = integer;
    return true;
  }
  return false;
}

template <class Element, class Convert>
bool to_list(const Napi::Value& value, c10::List<Element>& out, Convert&& convert) {
  const auto array = value.As<Napi::Array>();
  const std::uint32_t length = array.Length();
  out.reserve(length);
  for (std::uint32_t i = 0; i < length; ++i) {
    Element element{};
    const Napi::Value item = array.Get(i);
    if (!convert(item, element)) return false;
    out.push_back(element);
  }
  return true;
}

int convert_list(const Argument& argument, const Parameter& parameter, c10::IValue& out, std::string* found) {
  const Napi::Value& value = argument.value;
  const bool is_array = value.IsArray() && argument.tag == Tag::kPlain;
  if (is_array && parameter.list_size > 0 && parameter.single_as_list) {
    // The kernels read as many elements as the schema says; a shorter list would be read past its end.
    const auto length = value.As<Napi::Array>().Length();
    if (length == 0 && !parameter.optional && parameter.list_size > 1) {
      say(found, "an empty array");
      return kNoFit;
    }
  }
  switch (parameter.kind) {
    case Kind::kIntList: {
      c10::List<std::int64_t> list;
      const auto convert = [&](const Napi::Value& item, std::int64_t& element) { return to_int(item, element, found); };
      if (is_array) {
        if (!to_list<std::int64_t>(value, list, convert)) return kNoFit;
        out = std::move(list);
        return 0;
      }
      std::int64_t single = 0;
      if (!parameter.single_as_list || !to_int(value, single, found)) return kNoFit;
      for (int i = 0; i < parameter.list_size; ++i) list.push_back(single);
      out = std::move(list);
      return 1;
    }
    case Kind::kFloatList: {
      c10::List<double> list;
      const auto convert = [&](const Napi::Value& item, double& element) {
        if (!item.IsNumber()) return false;
        element = item.As<Napi::Number>().DoubleValue();
        return true;
      };
      if (!is_array || !to_list<double>(value, list, convert)) return kNoFit;
      out = std::move(list);
      return 0;
    }
    case Kind::kBoolList: {
      c10::List<bool> list;
      if (!is_array) return kNoFit;
      const auto array = value.As<Napi::Array>();
      // The kernels read the mask as an array of the schema's length.
      if (parameter.list_size > 0 && array.Length() != static_cast<std::uint32_t>(parameter.list_size)) {
        if (found) *found = "an array of length " + std::to_string(array.Length());
        return kNoFit;
      }
      for (std::uint32_t i = 0; i < array.Length(); ++i) {
        const Napi::Value item = array.Get(i);
        if (!item.IsBoolean()) return kNoFit;
        list.push_back(item.As<Napi::Boolean>().Value());
      }
      out = std::move(list);
      return 0;
    }
    case Kind::kScalarList: {
      c10::List<at::Scalar> list;
      const auto convert = [&](const Napi::Value& item, at::Scalar& element) {
        return to_scalar(item, element, found);
      };
      if (!is_array || !to_list<at::Scalar>(value, list, convert)) return kNoFit;
      out = std::move(list);
      return 0;
    }
    default:
      return kNoFit;
  }
}

int convert_tensor_list(const Argument& argument, const Parameter& parameter, c10::IValue& out, std::string* found) {
  const bool empty =
      argument.tag == Tag::kPlain && argument.value.IsArray() && argument.value.As<Napi::Array>().Length() == 0;
  if (argument.tag != Tag::kTensorList && !empty) return kNoFit;
  const auto array = argument.value.As<Napi::Array>();
  if (parameter.optional_elements) {
    c10::List<std::optional<at::Tensor>> list;
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      at::Tensor tensor = optional_tensor_at(array.Get(i));
      list.push_back(tensor.defined() ? std::optional<at::Tensor>(std::move(tensor)) : std::nullopt);
    }
    out = std::move(list);
    return 0;
  }
  c10::List<at::Tensor> list;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    at::Tensor tensor = optional_tensor_at(array.Get(i));
    if (!tensor.defined()) {
      say(found, "an array that contains null");
      return kNoFit;
    }
    list.push_back(std::move(tensor));
  }
  out = std::move(list);
  return 0;
}

// A name, or the number that libtorch uses for it. Kernels take any other number for one of them.
bool to_choice(const Napi::Value& value, const std::vector<std::string>& choices, std::int64_t& out,
               std::string* found) {
  if (value.IsString()) {
    const std::string name = value.As<Napi::String>().Utf8Value();
    const auto place = std::find(choices.begin(), choices.end(), name);
    out = place - choices.begin();
    return place != choices.end();
  }
  if (!to_int(value, out, found)) return false;
  const bool is_choice = out >= 0 && out < static_cast<std::int64_t>(choices.size());
  if (!is_choice && found) *found = "the number " + std::to_string(out);
  return is_choice;
}

std::string choices_text(const std::vector<std::string>& choices) {
  std::string text;
  for (const std::string& choice : choices) text += (text.empty() ? "'" : ", '") + choice + "'";
  return text;
}

int convert_named(const Napi::Value& value, Kind kind, c10::IValue& out) {
  if (!value.IsString()) return kNoFit;
  const std::string name = value.As<Napi::String>().Utf8Value();
  try {
    if (kind == Kind::kScalarType) {
      out = dtype_of_name(name);
      return 0;
    }
    if (kind == Kind::kDevice) {
      out = device_of_name(name);
      return 0;
    }
  } catch (const std::exception&) {
    return kNoFit;
  }
  if (kind == Kind::kLayout) {
    if (name == "strided") {
      out = c10::kStrided;
      return 0;
    }
    if (name == "sparse_coo") {
      out = c10::kSparse;
      return 0;
    }
  }
  if (kind == Kind::kMemoryFormat) {
    const std::pair<const char*, c10::MemoryFormat> formats[] = {
        {"contiguous_format", c10::MemoryFormat::Contiguous},
        {"preserve_format", c10::MemoryFormat::Preserve},
        {"channels_last", c10::MemoryFormat::ChannelsLast},
        {"channels_last_3d", c10::MemoryFormat::ChannelsLast3d},
    };
    for (const auto& [format_name, format] : formats) {
      if (name == format_name) {
        out = format;
        return 0;
      }
    }
  }
  return kNoFit;
}

int convert_plain(const Argument& argument, const Parameter& parameter, bool numbers_as_tensors, c10::IValue& out,
                  std::string* found) {
  const Napi::Value& value = argument.value;
  switch (parameter.kind) {
    case Kind::kTensor: {
      // A number has no memory to write to.
      if (parameter.written) return kNoFit;
      at::Scalar scalar;
      if (!to_scalar(value, scalar, found)) return kNoFit;
      at::Tensor number = c10::scalar_to_tensor(scalar);
      if (!numbers_as_tensors) {
        // Python refuses it here. Not as a wrapped number, which reductions take for float32 while its memory is
        // float64.
        out = scalar.isFloatingPoint() ? number.to(at::kFloat) : std::move(number);
        return 3;
      }
      // Marked as wrapped, or type promotion would differ from Python's: a float32 tensor plus 0.5 must stay float32.
      number.unsafeGetTensorImpl()->set_wrapped_number(true);
      out = std::move(number);
      return 0;
    }
    case Kind::kScalar: {
      at::Scalar scalar;
      if (!to_scalar(value, scalar, found)) return kNoFit;
      out = scalar;
      return 0;
    }
    case Kind::kInt: {
      std::int64_t integer = 0;
      if (parameter.choices) {
        if (!to_choice(value, *parameter.choices, integer, found)) return kNoFit;
      } else if (!to_int(value, integer, found)) {
        return kNoFit;
      }
      out = integer;
      return 0;
    }
    case Kind::kFloat:
      if (!value.IsNumber()) return kNoFit;
      out = value.As<Napi::Number>().DoubleValue();
      return 0;
    case Kind::kBool:
      if (!value.IsBoolean()) return kNoFit;
      out = value.As<Napi::Boolean>().Value();
      return 0;
    case Kind::kString:
      if (!value.IsString()) return kNoFit;
      out = value.As<Napi::String>().Utf8Value();
      return 0;
    case Kind::kScalarType:
    case Kind::kDevice:
    case Kind::kLayout:
    case Kind::kMemoryFormat:
      return convert_named(value, parameter.kind, out);
    case Kind::kIntList:
    case Kind::kFloatList:
    case Kind::kBoolList:
    case Kind::kScalarList:
      return convert_list(argument, parameter, out, found);
    case Kind::kTensorList:
      return convert_tensor_list(argument, parameter, out, found);
    default:
      return kNoFit;
  }
}

}  // namespace

std::string wanted(const Parameter& parameter) {
  const auto name = [&]() -> std::string {
    const std::string size = parameter.list_size > 0 ? std::to_string(parameter.list_size) + " " : "";
    switch (parameter.kind) {
      case Kind::kTensor:
        return "a Tensor";
      case Kind::kTensorList:
        return parameter.optional_elements ? "an array of Tensors and nulls" : "an array of Tensors";
      case Kind::kScalar:
        return "a number";
      case Kind::kInt:
        return parameter.choices ? choices_text(*parameter.choices) : "a whole number";
      case Kind::kFloat:
        return "a number";
      case Kind::kBool:
        return "true or false";
      case Kind::kString:
        return "a string";
      case Kind::kIntList:
        return parameter.single_as_list ? "an array of " + size + "whole numbers, or one for all"
                                        : "an array of whole numbers";
      case Kind::kFloatList:
      case Kind::kScalarList:
        return "an array of numbers";
      case Kind::kBoolList:
        return "an array of " + size + "booleans";
      case Kind::kScalarType:
        return "a dtype ('float32' and so on)";
      case Kind::kLayout:
        return "'strided' or 'sparse_coo'";
      case Kind::kMemoryFormat:
        return "'contiguous_format', 'preserve_format', 'channels_last' or 'channels_last_3d'";
      case Kind::kDevice:
        return "'cpu', 'cuda' or 'cuda:N'";
      case Kind::kGenerator:
        return "no value (manualSeed() seeds the only generator)";
      default:
        return parameter.type + ", which has no counterpart in JavaScript";
    }
  }();
  return parameter.optional ? name + ", or null" : name;
}

int convert_argument(const Argument& argument, const Parameter& parameter, bool numbers_as_tensors, c10::IValue& out,
                     std::string* found) {
  if (argument.tag == Tag::kPlain && (argument.value.IsNull() || argument.value.IsUndefined())) {
    if (argument.value.IsUndefined() && parameter.has_default) {
      out = parameter.default_value;
      return 0;
    }
    if (parameter.optional) {
      out = c10::IValue();
      return 0;
    }
    if (found) *found = found_text(argument);
    return kNoFit;
  }
  int cost = kNoFit;
  if (argument.tag == Tag::kTensor) {
    if (parameter.kind == Kind::kTensor) {
      out = tensor_at(argument.value);
      return 0;
    }
    // As in Python, a 0-dimensional tensor that does not require a gradient stands for its value.
    if (parameter.kind == Kind::kScalar) {
      const at::Tensor& tensor = tensor_at(argument.value);
      if (tensor.dim() == 0 && !tensor.requires_grad()) {
        out = tensor.item();
        return 2;
      }
    }
  } else if (argument.tag == Tag::kTensorList) {
    if (parameter.kind == Kind::kTensorList) cost = convert_tensor_list(argument, parameter, out, found);
  } else {
    cost = convert_plain(argument, parameter, numbers_as_tensors, out, found);
  }
  if (cost == kNoFit && found && found->empty()) *found = found_text(argument);
  return cost;
}

Napi::Value plain_to_js(Napi::Env env, const c10::IValue& value) {
  if (value.isNone()) return env.Null();
  if (value.isBool()) return Napi::Boolean::New(env, value.toBool());
  if (value.isInt() || value.isSymInt()) {
    const std::int64_t integer = value.isInt() ? value.toInt() : value.toSymInt().expect_int();
    if (std::fabs(static_cast<double>(integer)) > kMaxSafeInteger) return Napi::BigInt::New(env, integer);
    return Napi::Number::New(env, static_cast<double>(integer));
  }
  if (value.isDouble()) return Napi::Number::New(env, value.toDouble());
  if (value.isString()) return Napi::String::New(env, value.toStringRef());
  if (value.isDevice()) return Napi::String::New(env, value.toDevice().str());
  if (value.isList()) {
    const auto list = value.toListRef();
    auto array = Napi::Array::New(env, list.size());
    for (std::size_t i = 0; i < list.size(); ++i) array.Set(static_cast<std::uint32_t>(i), plain_to_js(env, list[i]));
    return array;
  }
  throw std::runtime_error("a result of type " + value.tagKind() + " has no counterpart in JavaScript");
}

}  // namespace nodule
