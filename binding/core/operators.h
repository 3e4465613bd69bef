// One bridge for every operator of the dispatcher: arguments are converted according to the operator's schema, the call
// is boxed (or direct, for the few most common schemas), and the results are converted back.
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

// What an argument of a schema accepts, computed once per overload.
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
  // Names of the values of an integer that is a choice, or null.
  const std::vector<std::string>* choices;
  c10::IValue default_value;
};

// The C++ signatures of the most common schemas: called with typed arguments and without a stack, as Python does.
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

// Whether a sparse tensor keeps the indices that it is given, or shows those that it has.
enum class SharesIndices { kNo, kKeeps, kShows };

struct Overload {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
  // For each result, the index of the argument that it is (a!), or -1.
  std::vector<int> result_alias;
  // For each result, whether it is a dtype, which a stack holds as a number.
  std::vector<bool> result_is_dtype;
  std::string text;
  SharesIndices shares_indices;
  DirectCall direct;
};

struct Operator {
  std::string name;
  bool numbers_as_tensors;
  // Whether it may change the shape, the dtype or the storage of an argument.
  bool reshapes;
  std::vector<Overload> overloads;
  // The overloads chosen so far, by the kinds of the arguments, where the kinds alone decide.
  struct Choice {
    std::uint64_t kinds;
    const Overload* overload;
  };
  std::vector<Choice> choices;
};

// How TypeScript tags the values it passes, since a slot and a number are both JavaScript numbers.
enum class Tag : int { kPlain = 0, kTensor = 1, kTensorList = 2 };

struct Argument {
  Napi::Value value;
  Tag tag;
};

// Finds the overloads of a name, except those in `left_out`; there may be none left. Throws std::invalid_argument if no
// schema has the name.
std::unique_ptr<Operator> find_operator(const std::string& full_name, const std::vector<std::string>& left_out);

void init_operators(Napi::Env env, Napi::Object exports);

}  // namespace nodule
