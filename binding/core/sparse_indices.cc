#include "core/sparse_indices.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>

namespace nodule {

namespace {

template <std::size_t kCount>
bool contains(const std::array<const char*, kCount>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const char* known) { return name == known; });
}

constexpr std::array kConstructors = {"aten::sparse_coo_tensor",        "aten::sparse_compressed_tensor",
                                      "aten::sparse_csr_tensor",        "aten::sparse_csc_tensor",
                                      "aten::sparse_bsr_tensor",        "aten::sparse_bsc_tensor",
                                      "aten::_sparse_coo_tensor_unsafe"};
constexpr std::array kAccessors = {"aten::indices", "aten::crow_indices", "aten::col_indices", "aten::ccol_indices",
                                   "aten::row_indices"};

}  // namespace

SharesIndices shares_indices(const std::string& name) {
  if (contains(kConstructors, name)) return SharesIndices::kKeeps;
  return contains(kAccessors, name) ? SharesIndices::kShows : SharesIndices::kNo;
}

void copy_kept_indices(const Overload& overload, std::vector<c10::IValue>& stack) {
  for (std::size_t i = 0; i < stack.size(); ++i) {
    if (!stack[i].isTensor() || !stack[i].toTensor().defined()) continue;
    const at::Tensor tensor = stack[i].toTensor();
    if (tensor.layout() != at::kStrided) continue;
    stack[i] = overload.parameters[i].name == "values" ? tensor.alias() : tensor.clone();
  }
}

void copy_shown_indices(std::vector<c10::IValue>& stack) {
  for (c10::IValue& value : stack) {
    if (value.isTensor() && value.toTensor().defined()) value = value.toTensor().clone();
  }
}

}  // namespace nodule
