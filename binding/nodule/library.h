// Registers the project's operators with libtorch's dispatcher.
#pragma once

#include <torch/library.h>

#include "core/allocator.h"

namespace nodule {

// Registers the operators, once per process, and returns the CPU allocator to use. Two copies of the package can be in
// one process, each with its own addon but sharing libtorch and its dispatcher. A second copy of the same build uses
// the operators and the allocator of the first. Throws std::runtime_error if the first is another build.
const CpuAllocator& register_operators(const CpuAllocator& own);

// Each file of operators defines its part.
void register_crop_augment(torch::Library& cpu);
void register_draw_epoch(torch::Library& cpu);
void register_relu_batch_norm(torch::Library& definitions);

}  // namespace nodule
