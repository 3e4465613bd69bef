#include "core/in_memory.h"

#include <ATen/ATen.h>

#include <stdexcept>

namespace nodule {

bool is_in_storage(const at::Tensor& tensor) noexcept {
  if (tensor.layout() != at::kStrided || !tensor.has_storage()) return true;
  // Not libtorch's computeStorageNbytes, which throws on an overflow.
  std::int64_t last = tensor.storage_offset();
  bool empty = false;
  for (std::int64_t i = 0; i < tensor.dim(); ++i) {
    const std::int64_t size = tensor.sizes()[i];
    std::int64_t reach = 0;
    if (size < 0 || tensor.strides()[i] < 0) return false;
    if (size == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(size - 1, tensor.strides()[i], &reach) ||
               __builtin_add_overflow(last, reach, &last)) {
      return empty;
    }
  }
  if (empty) return true;
  const auto bytes = static_cast<std::int64_t>(tensor.storage().nbytes());
  return last >= 0 && last < bytes / static_cast<std::int64_t>(tensor.itemsize());
}

void require_in_storage(const at::Tensor& tensor) {
  if (is_in_storage(tensor)) return;
  throw std::invalid_argument("the tensor's shape reaches beyond its memory of " +
                              std::to_string(tensor.storage().nbytes()) + " bytes");
}

at::Tensor in_memory(const at::Tensor& tensor) {
  require_in_storage(tensor);
  if (tensor._is_zerotensor()) return at::zeros(tensor.sizes(), tensor.options());
  return tensor.resolve_conj().resolve_neg();
}

}  // namespace nodule
