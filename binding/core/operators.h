// One bridge for every operator of the dispatcher: arguments are converted by the operator's schema, the call is boxed,
// the results are converted back.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <napi.h>

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
  bool single_as_list;  // int[2] takes one number for both
  int list_size;
  c10::IValue default_value;
};

struct Overload {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
  // For each result the number of the argument that it is (a!), or -1.
  std::vector<int> result_alias;
  std::string text;
};

struct Operator {
  std::string name;
  bool numbers_as_tensors;
  bool mutates;
  std::vector<Overload> overloads;
};

// How TypeScript marks what it passes: a slot and a number are both JavaScript numbers.
enum class Tag : int { kPlain = 0, kTensor = 1, kTensorList = 2 };

struct Argument {
  Napi::Value value;
  Tag tag;
};

void init_operators(Napi::Env env, Napi::Object exports);

}  // namespace nodule
