// Registers the schemas of our own operators. Their kernels register themselves, one file each, the plugin's for CUDA.
#include <torch/library.h>

#include "nodule/schemas.h"

TORCH_LIBRARY(nodule, m) {
  m.def(nodule::kPhiloxSchema);
  m.def(nodule::kDrawEpochSchema);
  m.def(nodule::kCropAugmentSchema);
}
