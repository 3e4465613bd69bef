// Keeps the indices of sparse tensors out of reach: kernels trust them after the constructor has checked them.
#pragma once

#include <ATen/core/ivalue.h>

#include <vector>

#include "core/operators.h"

namespace nodule {

// What a call of this operator shares with a sparse tensor.
SharesIndices shares_indices(const std::string& name);

// Before a constructor: replaces the indices by copies and the values by an alias, which has sizes of its own.
void copy_kept_indices(const Overload& overload, std::vector<c10::IValue>& stack);

// After an operator that returns the indices: replaces them by a copy.
void copy_shown_indices(std::vector<c10::IValue>& stack);

}  // namespace nodule
