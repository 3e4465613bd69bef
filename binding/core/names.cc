#include "core/names.h"

#include <stdexcept>

namespace nodule {

namespace {

struct DtypeName {
  const char* name;
  at::ScalarType dtype;
};

constexpr DtypeName kDtypes[] = {
    {"float32", at::kFloat}, {"float64", at::kDouble}, {"float16", at::kHalf}, {"bfloat16", at::kBFloat16},
    {"int8", at::kChar},     {"uint8", at::kByte},     {"int16", at::kShort},  {"int32", at::kInt},
    {"int64", at::kLong},    {"bool", at::kBool},
};

}  // namespace

at::ScalarType dtype_of_name(const std::string& name) {
  for (const DtypeName& entry : kDtypes) {
    if (name == entry.name) return entry.dtype;
  }
  throw std::invalid_argument(
      "unknown dtype '" + name +
      "', expected float32, float64, float16, bfloat16, int8, uint8, int16, int32, int64 or bool");
}

const char* name_of_dtype(at::ScalarType dtype) {
  for (const DtypeName& entry : kDtypes) {
    if (dtype == entry.dtype) return entry.name;
  }
  return c10::toString(dtype);
}

c10::Device device_of_name(const std::string& name) {
  const bool cuda = name == "cuda" || (name.rfind("cuda:", 0) == 0 && name.size() > 5 && name.size() < 8 &&
                                       name.find_first_not_of("0123456789", 5) == std::string::npos);
  if (name != "cpu" && !cuda) {
    throw std::invalid_argument("unknown device '" + name + "', expected cpu, cuda or cuda:N");
  }
  return c10::Device(name);
}

}  // namespace nodule
