// Pivots, which LAPACK's routines take as addresses.
#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "checks/checks.h"

namespace nodule {

namespace {

void check_pivots(const at::Tensor& matrix, const at::Tensor& pivots, const char* name) {
  expect_dim(matrix, "LU", 2);
  c10::DimVector sizes(matrix.sizes().slice(0, static_cast<std::size_t>(matrix.dim() - 2)));
  sizes.push_back(std::min(matrix.size(-2), matrix.size(-1)));
  expect_same_sizes(pivots, name, sizes);
  expect_indices(pivots, name, 1, matrix.size(-2) + 1);
}

void check_lu_unpack(const Arguments& arguments) {
  if (!arguments.flag("unpack_pivots")) return;
  check_pivots(arguments.tensor("LU_data"), arguments.tensor("LU_pivots"), "LU_pivots");
}

void check_lu_solve(const Arguments& arguments) {
  const bool old = arguments.has("LU_data");
  check_pivots(arguments.tensor(old ? "LU_data" : "LU"), arguments.tensor(old ? "LU_pivots" : "pivots"), "pivots");
}

// A negative pivot stands for a block of two rows, and both of its rows have it.
void check_ldl_solve(const Arguments& arguments) {
  const at::Tensor matrix = arguments.tensor("LD");
  const at::Tensor pivots = arguments.tensor("pivots");
  expect_dim(matrix, "LD", 2);
  expect_dim(pivots, "pivots", 1);
  expect_same_sizes(pivots, "pivots", matrix.sizes().slice(0, static_cast<std::size_t>(matrix.dim() - 1)));
  const std::int64_t rows = matrix.size(-1);
  expect_indices(pivots, "pivots", -rows, rows + 1);
  if (!is_readable(pivots) || pivots.scalar_type() != at::kInt) return;
  const at::Tensor dense = pivots.contiguous();
  const int* values = dense.const_data_ptr<int>();
  const std::int64_t size = pivots.size(-1);
  for (std::int64_t start = 0; start < pivots.numel(); start += size) {
    for (std::int64_t i = 0; i < size; ++i) {
      const int pivot = values[start + i];
      const bool paired = pivot >= 0 || (i + 1 < size && values[start + i + 1] == pivot);
      TORCH_CHECK(pivot != 0 && paired, "'pivots' contains ", pivot,
                  ", expected the pivots of linalg_ldl_factor: a row ", "from 1 to ", rows,
                  ", or a negative one twice in a row");
      if (pivot < 0) ++i;
    }
  }
}

void check_matrix_power(const Arguments& arguments) {
  TORCH_CHECK(arguments.integer("n") != std::numeric_limits<std::int64_t>::min(), "'n' is -2^63, whose opposite int64 ",
              "cannot hold");
}

// LAPACK's balancing of the matrix fails at them, and what it leaves behind ends the process.
void check_finite(const Arguments& arguments) {
  const at::Tensor self = arguments.tensor("self");
  if (!is_readable(self) || self.numel() == 0) return;
  TORCH_CHECK(at::isfinite(self.detach()).all().item<bool>(), "'self' contains NaN or an infinity");
}

// The distances of no rows have no gradient.
void check_pdist_backward(const Arguments& arguments) {
  const at::Tensor self = arguments.tensor("self");
  expect_dim(self, "self", 2, 2);
  TORCH_CHECK(self.size(0) > 0, "'self' has no rows, expected at least one");
  const std::int64_t pairs = self.size(0) * (self.size(0) - 1) / 2;
  expect_numel(arguments.tensor("grad"), "grad", pairs, true);
  expect_numel(arguments.tensor("pdist"), "pdist", pairs, true);
}

}  // namespace

CheckTable linear_algebra_checks() {
  return {{"aten::lu_unpack", check_lu_unpack},
          {"aten::linalg_lu_solve", check_lu_solve},
          {"aten::lu_solve", check_lu_solve},
          {"aten::linalg_ldl_solve", check_ldl_solve},
          {"aten::linalg_eigvals", check_finite},
          {"aten::_linalg_eigvals", check_finite},
          {"aten::_pdist_backward", check_pdist_backward},
          {"aten::linalg_matrix_power", check_matrix_power},
          {"aten::matrix_power", check_matrix_power}};
}

}  // namespace nodule
