// Makes libtorch's dispatcher run the checks before the operators they are for.
#pragma once

namespace nodule {

// Registers the checks, once per process. They run in threads that called check_in_this_thread, and in what those
// threads start (backward, asynchronous calls), on every route to an operator: by name, inside a composite operator, as
// the gradient of another.
void register_checks();

void check_in_this_thread();

}  // namespace nodule
