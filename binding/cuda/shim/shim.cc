// The CUDA operators on the CPU, under the namespace nodule_shim: the same .cu files compiled by g++, where a launch
// loops over blocks and threads. A test that needs no GPU compares them with the CPU operators.
#include <torch/library.h>

#include "cuda/device.h"
#include "cuda/operators.h"
#include "nodule/schemas.h"

namespace nodule {

void* OnDevice::stream() const { return nullptr; }

void check_launch(const char* name, int code) {
  TORCH_CHECK(code == 0, name, ": a launch of the shim returned ", code);
}

}  // namespace nodule

TORCH_LIBRARY(nodule_shim, m) {
  m.def(nodule::kCropAugmentSchema);
  m.def(nodule::kPhiloxSchema);
}

TORCH_LIBRARY_IMPL(nodule_shim, CPU, m) {
  m.impl("crop_augment", nodule::crop_augment_cuda);
  m.impl("philox4x32_10", nodule::philox_cuda);
}
