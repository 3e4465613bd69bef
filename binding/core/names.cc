#include "core/names.h"

#include <stdexcept>

namespace nodule {

namespace {

struct DtypeName {
  const char* name;
  at::ScalarType dtype;
};

// The first ten are those that the package computes with; the others occur in files and as results.
constexpr DtypeName kDtypes[] = {
    {"float32", at::kFloat},
    {"float64", at::kDouble},
    {"float16", at::kHalf},
    {"bfloat16", at::kBFloat16},
    {"int8", at::kChar},
    {"uint8", at::kByte},
    {"int16", at::kShort},
    {"int32", at::kInt},
    {"int64", at::kLong},
    {"bool", at::kBool},
    {"uint16", at::kUInt16},
    {"uint32", at::kUInt32},
    {"uint64", at::kUInt64},
    {"complex32", at::kComplexHalf},
    {"complex64", at::kComplexFloat},
    {"complex128", at::kComplexDouble},
    {"float8_e4m3fn", at::kFloat8_e4m3fn},
    {"float8_e5m2", at::kFloat8_e5m2},
    {"float8_e4m3fnuz", at::kFloat8_e4m3fnuz},
    {"float8_e5m2fnuz", at::kFloat8_e5m2fnuz},
    {"float8_e8m0fnu", at::kFloat8_e8m0fnu},
    {"float4_e2m1fn_x2", at::kFloat4_e2m1fn_x2},
};

}  // namespace

at::ScalarType dtype_of_name(const std::string& name) {
  for (const DtypeName& entry : kDtypes) {
    if (name == entry.name) return entry.dtype;
  }
  throw std::invalid_argument(
      "unknown dtype '" + name +
      "', expected float32, float64, float16, bfloat16, int8, uint8, int16, int32, int64, bool or another name of "
      "PyTorch's dtypes");
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
