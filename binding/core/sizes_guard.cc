#include "core/sizes_guard.h"

#include "core/in_memory.h"

namespace nodule {

SizesGuard::SizesGuard(const Operator& op, const Overload& overload, const std::vector<c10::IValue>& stack) {
  if (!op.reshapes) return;
  for (std::size_t i = 0; i < stack.size(); ++i) {
    if (!overload.parameters[i].written) continue;
    if (stack[i].isTensor()) {
      keep(stack[i].toTensor());
    } else if (stack[i].isTensorList()) {
      for (const at::Tensor& tensor : stack[i].toTensorVector()) keep(tensor);
    }
  }
}

SizesGuard::~SizesGuard() {
  if (std::uncaught_exceptions() == exceptions_) return;
  for (const Before& one : before_) {
    if (is_in_storage(one.tensor)) continue;
    at::TensorImpl* tensor = one.tensor.unsafeGetTensorImpl();
    // The result of detach() refuses changes of its metadata.
    tensor->set_allow_tensor_metadata_change(true);
    tensor->set_storage_keep_dtype(one.storage);
    tensor->set_sizes_and_strides(one.sizes, one.strides, one.offset);
  }
}

void SizesGuard::keep(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.layout() != at::kStrided || !tensor.has_storage()) return;
  before_.push_back({tensor, tensor.storage(), c10::DimVector(tensor.sizes()), c10::DimVector(tensor.strides()),
                     tensor.storage_offset()});
}

}  // namespace nodule
