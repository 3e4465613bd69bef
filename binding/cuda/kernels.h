// Kernel launchers on raw pointers: what the .cu files export, so that nvcc never sees ATen (with it, compiling for
// five architectures takes over a minute instead of seconds). All return a cudaError_t.
#pragma once

#include <cstdint>

#include "nodule/crop_planes.h"
#include "nodule/crop_sample.h"

namespace nodule {

/// A sample's window, computed once for all of its voxels. `crop` is -1 if its row of `draws` is not valid.
template <class T>
struct OpenCrop {
  Window<T> window;
  std::int64_t crop;
};

/// All pointers are device pointers. `crops` has space for `options.batch` entries; the cursor is advanced by the
/// batch. A sample whose row of `draws` points outside the planes is filled with NaN: the host cannot check the row
/// without waiting for the device, and the NaN shows in the loss.
template <class T>
struct CropLaunch {
  CropPlanes planes;
  CropOptions options;
  const double* draws;  // [positions, kDrawColumns]
  std::int64_t positions;
  std::int64_t* cursor;
  OpenCrop<T>* crops;
  T* image;  // [batch, channels, size, size]
  T* mask;   // [batch, 1, size, size]
};

int launch_crop_augment(const CropLaunch<float>& launch, void* stream);
int launch_crop_augment(const CropLaunch<double>& launch, void* stream);

/// counters [n, 4], keys [n, 2], out [n, 4].
int launch_philox(const std::int64_t* counters, const std::int64_t* keys, std::int64_t* out, std::int64_t n,
                  void* stream);

}  // namespace nodule
