// Launchers of our kernels on raw pointers: what a .cu file exports, so that nvcc never sees ATen (which makes a
// compilation for five architectures take over a minute instead of seconds). All give a cudaError_t.
#pragma once

#include <cstdint>

#include "nodule/crop_planes.h"
#include "nodule/crop_sample.h"

namespace nodule {

/// A sample's window, worked out once for all of its voxels. `crop` is -1 where its row of draws points outside.
template <class T>
struct OpenCrop {
  Window<T> window;
  std::int64_t crop;
};

/// Everything lies on the device. `crops` is room for `options.batch` entries; the cursor is advanced by the batch.
/// A sample whose row of draws points outside the planes is filled with NaN: the host cannot look at the row without
/// waiting for the device, and the loss then says it.
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
