// Undoes the resizing of an operator that fails.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <exception>
#include <vector>

#include "core/operators.h"

namespace nodule {

// Restores sizes and storage of the tensors that an operator was to resize, if it throws: libtorch sets the sizes
// before it has the memory.
class SizesGuard {
 public:
  SizesGuard(const Operator& op, const Overload& overload, const std::vector<c10::IValue>& stack);
  SizesGuard(const SizesGuard&) = delete;
  SizesGuard& operator=(const SizesGuard&) = delete;
  ~SizesGuard();

 private:
  struct Before {
    at::Tensor tensor;
    c10::Storage storage;
    c10::DimVector sizes, strides;
    std::int64_t offset;
  };

  void keep(const at::Tensor& tensor);

  std::vector<Before> before_;
  int exceptions_ = std::uncaught_exceptions();
};

}  // namespace nodule
