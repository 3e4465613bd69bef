// The inputs of crop_augment as plain data for the CPU and for CUDA, and the check of a row of `draws`.
#pragma once

#include <cstdint>

#include "nodule/draws.h"
#include "nodule/philox.h"

namespace nodule {

struct CropOptions {
  std::int64_t batch, size;
  double clip_low, clip_high;
  bool border_at_window, label_resample, noise_after_clamp;
};

struct CropPlanes {
  const std::int16_t* image;  // [planes, rows, columns]
  const std::uint8_t* label;  // [labels, rows, columns]
  const std::int32_t* table;  // [crops, channels + 1]
  std::int64_t rows, columns, channels, crops, planes, labels;
};

/// The row of the table that a row of `draws` names: the planes of its channels, then the plane of its label.
NODULE_HOST_DEVICE const std::int32_t* stack_of(const CropPlanes& p, const double* draws) {
  return p.table + static_cast<std::int64_t>(draws[kCrop]) * (p.channels + 1);
}

/// Why a row of `draws` would read outside the planes, and the place in the matrix, the table or the row at fault.
struct RowFault {
  enum Kind { kNone, kWindow, kMatrix, kTable, kCut } kind;
  std::int64_t place;
};

/// The comparisons are written so that NaN counts as a fault.
NODULE_HOST_DEVICE RowFault row_fault(const CropPlanes& p, const CropOptions& o, const double* row) {
  const double size = static_cast<double>(o.size);
  const bool inside = row[kCrop] >= 0 && row[kCrop] < static_cast<double>(p.crops) && row[kRowOffset] >= 0 &&
                      row[kRowOffset] + size <= static_cast<double>(p.rows) && row[kColumnOffset] >= 0 &&
                      row[kColumnOffset] + size <= static_cast<double>(p.columns);
  if (!inside) return {RowFault::kWindow, 0};
  for (int k = 0; k < 6; ++k)
    if (!(row[kAffine + k] > -1e4 && row[kAffine + k] < 1e4)) return {RowFault::kMatrix, k};
  const double most = static_cast<double>(p.channels / 2);
  for (int k = kCutFirst; k <= kCutLast; ++k)
    if (!(row[k] >= 0 && row[k] <= most)) return {RowFault::kCut, k};
  const std::int32_t* stack = stack_of(p, row);
  for (std::int64_t c = 0; c <= p.channels; ++c) {
    const std::int64_t planes = c < p.channels ? p.planes : p.labels;
    if (stack[c] < 0 || stack[c] >= planes) return {RowFault::kTable, c};
  }
  return {RowFault::kNone, 0};
}

}  // namespace nodule
