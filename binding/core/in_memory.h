// Tensors whose memory does not hold their values.
#pragma once

#include <ATen/core/Tensor.h>

namespace nodule {

// Returns a tensor that has the same values in its memory, or the tensor itself if it does already. A gradient that is
// zero everywhere may have no memory at all, and a tensor may be lazily negated or conjugated.
at::Tensor in_memory(const at::Tensor& tensor);

}  // namespace nodule
