// The schemas of the operators of our own. Their kernels register themselves, one file each, CUDA's from the plugin.
#include <torch/library.h>

#include "nodule/schemas.h"

TORCH_LIBRARY(nodule, m) {
  m.def(nodule::kPhiloxSchema);
  m.def(nodule::kDrawEpochSchema);
  m.def(nodule::kCropAugmentSchema);
}
