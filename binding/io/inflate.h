#pragma once

#include <napi.h>

namespace io {

/// Adds `inflate`, `inflater` and `populate` to the loader's exports.
void export_io(Napi::Env env, Napi::Object exports);

}  // namespace io
