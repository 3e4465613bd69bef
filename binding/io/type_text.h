#pragma once

#include <napi.h>

#include <string>

namespace io {

/// The type of a JavaScript value, for errors: what `typeof` gives, or "null".
inline std::string type_text(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "boolean";
    case napi_number:
      return "number";
    case napi_string:
      return "string";
    case napi_symbol:
      return "symbol";
    case napi_function:
      return "function";
    case napi_bigint:
      return "bigint";
    default:
      return "object";
  }
}

}  // namespace io
