// nodule::crop_augment for the CPU: the next batch of crops, cut, moved, turned, scaled and given noise.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <vector>

#include "nodule/crop_sample.h"

namespace nodule {
namespace {

struct Options {
  std::int64_t batch, size;
  double clip_low, clip_high;
  bool border_at_window, label_resample, noise_after_clamp;
};

struct Planes {
  const std::int16_t* image;
  const std::uint8_t* label;
  const std::int32_t* table;
  std::int64_t rows, columns, channels, crops, planes, labels;
};

template <class T>
void add_noise(T* row, std::int64_t first_voxel, int size, const Window<T>& w) {
  // A row may begin inside a group of four voxels.
  for (std::int64_t i = 0; i < size;) {
    const std::int64_t voxel = first_voxel + i;
    const Words words = noise_words(static_cast<std::uint32_t>(voxel >> 2), w.key0, w.key1);
    for (int lane = static_cast<int>(voxel & 3); lane < 4 && i < size; ++lane, ++i)
      row[i] += w.noise * normal_from<T>(words.w[lane]);
  }
}

template <class T>
void clamp_row(T* row, int size, T low, T high) {
  for (int i = 0; i < size; ++i) row[i] = clamp_to(row[i], low, high);
}

template <class T>
void sample_row(const Planes& p, const Options& o, const double* draws, int row, T* image, T* mask, Tap<T>* taps) {
  const int size = static_cast<int>(o.size);
  const int columns = static_cast<int>(p.columns);
  const Window<T> w = make_window<T>(draws, size, static_cast<int>(p.rows), columns, o.border_at_window);
  const std::int32_t* stack = p.table + static_cast<std::int64_t>(draws[kCrop]) * (p.channels + 1);
  const std::int64_t plane = p.rows * p.columns;
  const T low = static_cast<T>(o.clip_low), high = static_cast<T>(o.clip_high);

  for (int column = 0; column < size; ++column) taps[column] = make_tap(w, row, column, columns);
  for (std::int64_t channel = 0; channel < p.channels; ++channel) {
    const std::int64_t first_voxel = (channel * size + row) * size;
    const std::int16_t* source = p.image + stack[w.mirror ? p.channels - 1 - channel : channel] * plane;
    T* out = image + first_voxel;
    for (int column = 0; column < size; ++column) out[column] = bilinear<T>(source, taps[column]);
    if (o.noise_after_clamp) clamp_row(out, size, low, high);
    if (w.noise != 0) add_noise(out, first_voxel, size, w);
    if (!o.noise_after_clamp) clamp_row(out, size, low, high);
  }

  const std::uint8_t* label = p.label + stack[p.channels] * plane;
  T* out = mask + static_cast<std::int64_t>(row) * size;
  for (int column = 0; column < size; ++column) {
    const bool set = o.label_resample ? bilinear<T>(label, taps[column]) > static_cast<T>(0.5)
                                      : kept_label(label, w, row, column, columns);
    out[column] = set ? static_cast<T>(1) : static_cast<T>(0);
  }
}

template <class T>
void sample_batch(const Planes& p, const Options& o, const double* draws, std::int64_t positions, std::int64_t first,
                  T* image, T* mask) {
  const std::int64_t size = o.size;
  at::parallel_for(0, o.batch * size, size, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Tap<T>> taps(size);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t sample = i / size;
      const double* row = draws + (first + sample) % positions * kDrawColumns;
      sample_row<T>(p, o, row, static_cast<int>(i % size), image + sample * p.channels * size * size,
                    mask + sample * size * size, taps.data());
    }
  });
}

void check_shapes(const at::Tensor& image, const at::Tensor& label, const at::Tensor& table, const at::Tensor& draws,
                  const at::Tensor& cursor, std::int64_t batch, std::int64_t window) {
  TORCH_CHECK(image.dim() == 3 && image.scalar_type() == at::kShort && image.is_contiguous(),
              "crop_augment: image must be contiguous int16 [planes, rows, columns], found ", image.scalar_type(), " ",
              image.sizes());
  TORCH_CHECK(label.dim() == 3 && label.size(1) == image.size(1) && label.size(2) == image.size(2) &&
                  label.scalar_type() == at::kByte && label.is_contiguous(),
              "crop_augment: label must be contiguous uint8 [planes, ", image.size(1), ", ", image.size(2),
              "] like image, found ", label.scalar_type(), " ", label.sizes());
  TORCH_CHECK(table.dim() == 2 && table.size(1) >= 2 && table.scalar_type() == at::kInt && table.is_contiguous(),
              "crop_augment: table must be contiguous int32 [crops, channels + 1], found ", table.scalar_type(), " ",
              table.sizes());
  TORCH_CHECK(draws.dim() == 2 && draws.size(0) > 0 && draws.size(1) == kDrawColumns &&
                  draws.scalar_type() == at::kDouble && draws.is_contiguous(),
              "crop_augment: draws must be contiguous float64 [positions, ", static_cast<int>(kDrawColumns),
              "] as draw_epoch gives them, found ", draws.scalar_type(), " ", draws.sizes());
  TORCH_CHECK(cursor.numel() == 1 && cursor.scalar_type() == at::kLong,
              "crop_augment: cursor must be one int64, found ", cursor.scalar_type(), " ", cursor.sizes());
  TORCH_CHECK(batch > 0, "crop_augment: batch must be at least 1, found ", batch);
  TORCH_CHECK(window > 0 && window <= image.size(1) && window <= image.size(2), "crop_augment: window must be 1 to ",
              std::min(image.size(1), image.size(2)), ", the planes' size, found ", window);
  TORCH_CHECK(image.size(1) * image.size(2) < (std::int64_t{1} << 31),
              "crop_augment: a plane must have fewer than 2^31 voxels, found ", image.sizes());
}

// A row from outside draw_epoch could point anywhere; reading there would end the process.
void check_rows(const Planes& p, const Options& o, const double* draws, std::int64_t positions, std::int64_t first) {
  for (std::int64_t sample = 0; sample < o.batch; ++sample) {
    const std::int64_t position = (first + sample) % positions;
    const double* row = draws + position * kDrawColumns;
    const bool inside = row[kCrop] >= 0 && row[kCrop] < static_cast<double>(p.crops) && row[kRowOffset] >= 0 &&
                        row[kRowOffset] + o.size <= p.rows && row[kColumnOffset] >= 0 &&
                        row[kColumnOffset] + o.size <= p.columns;
    TORCH_CHECK(inside, "crop_augment: row ", position, " of draws names crop ", row[kCrop], " at (", row[kRowOffset],
                ", ", row[kColumnOffset], "), outside ", p.crops, " crops of ", p.rows, "x", p.columns,
                " with a window of ", o.size);
    for (int k = 0; k < 6; ++k)
      TORCH_CHECK(row[kAffine + k] > -1e4 && row[kAffine + k] < 1e4, "crop_augment: row ", position,
                  " of draws has the matrix entry ", row[kAffine + k], ", which is no affine of an image");
    const std::int32_t* stack = p.table + static_cast<std::int64_t>(row[kCrop]) * (p.channels + 1);
    for (std::int64_t c = 0; c <= p.channels; ++c) {
      const std::int64_t planes = c < p.channels ? p.planes : p.labels;
      TORCH_CHECK(stack[c] >= 0 && stack[c] < planes, "crop_augment: row ", static_cast<std::int64_t>(row[kCrop]),
                  " of table names plane ", stack[c], " of ", planes);
    }
  }
}

std::tuple<at::Tensor, at::Tensor> crop_augment(const at::Tensor& image, const at::Tensor& label,
                                                const at::Tensor& table, const at::Tensor& draws, at::Tensor& cursor,
                                                std::int64_t batch, std::int64_t window, double clip_low,
                                                double clip_high, bool border_at_window, bool label_resample,
                                                bool noise_after_clamp, std::optional<at::ScalarType> dtype) {
  check_shapes(image, label, table, draws, cursor, batch, window);
  const at::ScalarType type = dtype.value_or(at::kFloat);
  TORCH_CHECK(type == at::kFloat || type == at::kDouble, "crop_augment: dtype must be float32 or float64, found ",
              type);
  const Planes planes{image.const_data_ptr<std::int16_t>(),
                      label.const_data_ptr<std::uint8_t>(),
                      table.const_data_ptr<std::int32_t>(),
                      image.size(1),
                      image.size(2),
                      table.size(1) - 1,
                      table.size(0),
                      image.size(0),
                      label.size(0)};
  const Options options{batch, window, clip_low, clip_high, border_at_window, label_resample, noise_after_clamp};
  const double* rows = draws.const_data_ptr<double>();
  std::int64_t& position = *cursor.mutable_data_ptr<std::int64_t>();
  TORCH_CHECK(position >= 0, "crop_augment: cursor must not be negative, found ", position);
  check_rows(planes, options, rows, draws.size(0), position);

  at::Tensor out = at::empty({batch, planes.channels, window, window}, image.options().dtype(type));
  at::Tensor mask = at::empty({batch, 1, window, window}, image.options().dtype(type));
  if (type == at::kFloat)
    sample_batch<float>(planes, options, rows, draws.size(0), position, out.mutable_data_ptr<float>(),
                        mask.mutable_data_ptr<float>());
  else
    sample_batch<double>(planes, options, rows, draws.size(0), position, out.mutable_data_ptr<double>(),
                         mask.mutable_data_ptr<double>());
  position += batch;
  cursor.unsafeGetTensorImpl()->bump_version();
  return {out, mask};
}

}  // namespace

TORCH_LIBRARY_IMPL(nodule, CPU, m) { m.impl("crop_augment", crop_augment); }

}  // namespace nodule
