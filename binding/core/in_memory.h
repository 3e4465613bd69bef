// Tensors whose memory is not what they stand for.
#pragma once

#include <ATen/core/Tensor.h>

namespace nodule {

// A tensor of the same values that has them in its memory: gradients that are zero everywhere may have no memory at
// all, and a tensor may be lazily negated or conjugated. The tensor itself where that holds already.
at::Tensor in_memory(const at::Tensor& tensor);

}  // namespace nodule
