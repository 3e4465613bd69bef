// Scales of resampling: kernels convert a place times the scale to an integer, which is undefined for huge numbers.
#include <ATen/ATen.h>

#include <cmath>

#include "checks/checks.h"

namespace nodule {

namespace {

constexpr double kMostScale = 1e6;

void check_scale(std::optional<double> scale, const char* name) {
  // Kernels ignore a scale that is 0 or negative.
  TORCH_CHECK(!scale || *scale <= 0 || (*scale >= 1 / kMostScale && *scale <= kMostScale), "'", name, "' is ", *scale,
              ", expected a number from ", 1 / kMostScale, " to ", kMostScale);
}

void check_upsample(const Arguments& arguments) {
  for (const char* name : {"scales", "scales_d", "scales_h", "scales_w"}) check_scale(arguments.number(name), name);
}

}  // namespace

CheckTable upsample_checks() {
  CheckTable table;
  for (const char* name : {"aten::upsample_nearest1d",
                           "aten::upsample_nearest2d",
                           "aten::upsample_nearest3d",
                           "aten::upsample_nearest1d_backward",
                           "aten::upsample_nearest2d_backward",
                           "aten::upsample_nearest3d_backward",
                           "aten::_upsample_nearest_exact1d",
                           "aten::_upsample_nearest_exact2d",
                           "aten::_upsample_nearest_exact3d",
                           "aten::_upsample_nearest_exact1d_backward",
                           "aten::_upsample_nearest_exact2d_backward",
                           "aten::_upsample_nearest_exact3d_backward",
                           "aten::upsample_linear1d",
                           "aten::upsample_linear1d_backward",
                           "aten::upsample_bilinear2d",
                           "aten::upsample_bilinear2d_backward",
                           "aten::upsample_trilinear3d",
                           "aten::upsample_trilinear3d_backward",
                           "aten::upsample_bicubic2d",
                           "aten::upsample_bicubic2d_backward",
                           "aten::_upsample_bilinear2d_aa",
                           "aten::_upsample_bilinear2d_aa_backward",
                           "aten::_upsample_bicubic2d_aa",
                           "aten::_upsample_bicubic2d_aa_backward",
                           "aten::_upsample_lanczos2d_aa",
                           "aten::_upsample_lanczos2d_aa_backward"}) {
    table.push_back({name, check_upsample});
  }
  return table;
}

}  // namespace nodule
