// Messages of failed calls: one line, in JavaScript's terms.
#pragma once

#include <c10/util/Exception.h>

#include <string>

#include "core/call.h"

namespace nodule {

// For a call that no signature fits: the closest signature and the argument that does not fit it.
std::string no_fit_text(const Call& call);

// For a call that two signatures fit equally well.
std::string rivals_text(const Call& call, const Overload& chosen, const Overload& rival);

// Throws libtorch's message, preceded by the call and its arguments.
[[noreturn]] void rethrow_with_call(const Call& call, const Overload& overload, const c10::Error& error);

}  // namespace nodule
