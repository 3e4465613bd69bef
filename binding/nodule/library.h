// Registers the project's operators with libtorch's dispatcher.
#pragma once

#include <torch/library.h>

namespace nodule {

// Registers the operators, once per process. Two copies of the package can be in one process, each with its own addon
// but sharing libtorch and its dispatcher: a second copy of the same build uses the operators of the first. Returns the
// `own` of the copy that registered them, which is how the copies share what a process has once.
// Throws std::runtime_error if that copy is of another build.
const void* register_operators(const void* own);

// Each file of operators defines its part.
void register_crop_augment(torch::Library& cpu);
void register_draw_epoch(torch::Library& cpu);
void register_relu_batch_norm(torch::Library& definitions);

}  // namespace nodule
