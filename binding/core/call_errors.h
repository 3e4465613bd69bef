// What is said where a call fails: one line, in JavaScript's terms.
#pragma once

#include <c10/util/Exception.h>

#include <string>

#include "core/call.h"

namespace nodule {

// No signature fits: the closest one, with the argument that does not.
std::string no_fit_text(const Call& call);

std::string rivals_text(const Call& call, const Overload& chosen, const Overload& rival);

// libtorch's own text behind the call as it was made.
[[noreturn]] void rethrow_with_call(const Call& call, const Overload& overload, const c10::Error& error);

}  // namespace nodule
