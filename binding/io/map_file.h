#pragma once

#include <napi.h>

namespace io {

/// mapFile(file) -> an ArrayBuffer over the file's bytes, read from the disk when they are looked at.
Napi::Value map_file(const Napi::CallbackInfo& info);

}  // namespace io
