// Tensors whose memory does not hold their values.
#pragma once

#include <ATen/core/Tensor.h>

namespace nodule {

// Returns a tensor that has the same values in its memory, or the tensor itself if it does already. A gradient that is
// zero everywhere may have no memory at all, and a tensor may be lazily negated or conjugated.
at::Tensor in_memory(const at::Tensor& tensor);

// Throws std::invalid_argument unless all elements of a strided tensor are inside its storage. An operator that failed
// half-way, or code without checks, can leave sizes that are larger.
void require_in_storage(const at::Tensor& tensor);
bool is_in_storage(const at::Tensor& tensor) noexcept;

}  // namespace nodule
