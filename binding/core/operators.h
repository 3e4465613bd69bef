// One bridge for every operator of the dispatcher: arguments are converted by the operator's schema, the call is boxed
// (or direct, where the schema is one of the few most common ones), the results are converted back.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <napi.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nodule {

// What an argument of a schema takes, worked out once for each overload.
enum class Kind {
  kTensor,
  kTensorList,
  kScalar,
  kInt,
  kFloat,
  kBool,
  kString,
  kIntList,
  kFloatList,
  kBoolList,
  kScalarList,
  kScalarType,
  kLayout,
  kMemoryFormat,
  kDevice,
  kGenerator,
  kUnsupported,
};

struct Parameter {
  std::string name;
  std::string type;
  Kind kind;
  bool optional;           // takes null
  bool optional_elements;  // Tensor?[]
  bool has_default;
  bool kwarg_only;
  bool written;         // (a!)
  bool single_as_list;  // int[2] takes one number for both
  int list_size;
  c10::IValue default_value;
};

// The C++ signature of the most common schemas: called with their own types, without a stack, as Python does.
struct DirectCall {
  using Unary = at::Tensor(const at::Tensor&);
  using Binary = at::Tensor(const at::Tensor&, const at::Tensor&);
  using BinaryScaled = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Scalar&);
  using UnaryInPlace = at::Tensor&(at::Tensor&);
  using BinaryInPlace = at::Tensor&(at::Tensor&, const at::Tensor&);
  using BinaryScaledInPlace = at::Tensor&(at::Tensor&, const at::Tensor&, const at::Scalar&);

  std::optional<c10::TypedOperatorHandle<Unary>> unary;
  std::optional<c10::TypedOperatorHandle<Binary>> binary;
  std::optional<c10::TypedOperatorHandle<BinaryScaled>> binary_scaled;
  std::optional<c10::TypedOperatorHandle<UnaryInPlace>> unary_in_place;
  std::optional<c10::TypedOperatorHandle<BinaryInPlace>> binary_in_place;
  std::optional<c10::TypedOperatorHandle<BinaryScaledInPlace>> binary_scaled_in_place;
  at::Scalar scale;
};

struct Overload {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
  // For each result the number of the argument that it is (a!), or -1.
  std::vector<int> result_alias;
  // Where a result is a dtype, which a stack holds as a number.
  std::vector<bool> result_is_dtype;
  std::string text;
  DirectCall direct;
};

struct Operator {
  std::string name;
  bool numbers_as_tensors;
  // Whether it may change the shape, the dtype or the storage of an argument.
  bool reshapes;
  std::vector<Overload> overloads;
  // What was chosen for arguments of these kinds, where the kinds alone decide.
  struct Choice {
    std::uint64_t kinds;
    const Overload* overload;
  };
  std::vector<Choice> choices;
};

// How TypeScript marks what it passes: a slot and a number are both JavaScript numbers.
enum class Tag : int { kPlain = 0, kTensor = 1, kTensorList = 2 };

struct Argument {
  Napi::Value value;
  Tag tag;
};

// Throws std::invalid_argument where no schema has that name, or where all that have it are in `left_out`.
std::unique_ptr<Operator> find_operator(const std::string& full_name, const std::vector<std::string>& left_out);

void init_operators(Napi::Env env, Napi::Object exports);

}  // namespace nodule
