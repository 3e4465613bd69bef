#include "core/in_memory.h"

#include <ATen/ATen.h>

namespace nodule {

at::Tensor in_memory(const at::Tensor& tensor) {
  if (tensor._is_zerotensor()) return at::zeros(tensor.sizes(), tensor.options());
  return tensor.resolve_conj().resolve_neg();
}

}  // namespace nodule
