#pragma once

#include <napi.h>

namespace io {

/// mapFile(file) -> an ArrayBuffer over the file's bytes, read from disk on access.
Napi::Value map_file(const Napi::CallbackInfo& info);

}  // namespace io
