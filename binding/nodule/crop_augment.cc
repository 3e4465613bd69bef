// nodule::crop_augment for the CPU: the next batch of crops, cut out, moved, rotated, scaled and with noise added.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <tuple>
#include <vector>

#include "nodule/crop_check.h"
#include "nodule/crop_planes.h"
#include "nodule/crop_sample.h"
#include "nodule/library.h"

namespace nodule {
namespace {

using Options = CropOptions;
using Planes = CropPlanes;

// Compiled for wider registers too; one version is chosen when the library is loaded. None uses fused multiply-add
// (-ffp-contract=off), so all give bit-identical results.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define NODULE_WIDE __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define NODULE_WIDE
#endif

constexpr int kLanes = 16;

/// Normal random numbers for the voxels 4*group … 4*(group + 16) - 1 of a sample.
NODULE_WIDE void normal_block(std::uint32_t group, std::uint32_t key0, std::uint32_t key1, float* out) {
  std::uint32_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
  for (int i = 0; i < kLanes; ++i) {
    const Words words = philox4x32_10(noise_counter(group + static_cast<std::uint32_t>(i)), key0, key1);
    c0[i] = words.w[0];
    c1[i] = words.w[1];
    c2[i] = words.w[2];
    c3[i] = words.w[3];
  }
  for (int i = 0; i < kLanes; ++i) {
    out[4 * i] = normal_from<float>(c0[i]);
    out[4 * i + 1] = normal_from<float>(c1[i]);
    out[4 * i + 2] = normal_from<float>(c2[i]);
    out[4 * i + 3] = normal_from<float>(c3[i]);
  }
}

void normal_block(std::uint32_t group, std::uint32_t key0, std::uint32_t key1, double* out) {
  for (int i = 0; i < kLanes; ++i) {
    const Words words = philox4x32_10(noise_counter(group + static_cast<std::uint32_t>(i)), key0, key1);
    for (int lane = 0; lane < 4; ++lane) out[4 * i + lane] = normal_from<double>(words.w[lane]);
  }
}

/// Two neighbours of a row, loaded in one read; the compiler vectorizes their unpacking and weighting.
using Pair = std::uint32_t;

Pair pair_at(const std::int16_t* voxels) {
  Pair pair;
  std::memcpy(&pair, voxels, sizeof pair);
  return pair;
}

template <class T>
NODULE_HOST_DEVICE void weigh(const Pair* upper, const Pair* lower, const T* wx, const T* wy, int size, T* out) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first voxel of a pair is its lower half");
  const auto first = [](Pair pair) { return static_cast<T>(static_cast<std::int32_t>(pair << 16) >> 16); };
  const auto second = [](Pair pair) { return static_cast<T>(static_cast<std::int32_t>(pair) >> 16); };
  for (int i = 0; i < size; ++i)
    out[i] = bilinear(first(upper[i]), second(upper[i]), first(lower[i]), second(lower[i]), wx[i], wy[i]);
}

NODULE_WIDE void weigh_row(const Pair* upper, const Pair* lower, const float* wx, const float* wy, int size,
                           float* out) {
  weigh(upper, lower, wx, wy, size, out);
}

void weigh_row(const Pair* upper, const Pair* lower, const double* wx, const double* wy, int size, double* out) {
  weigh(upper, lower, wx, wy, size, out);
}

template <class T>
void add_noise(T* row, std::int64_t first_voxel, int size, const Window<T>& w, T* normal) {
  // A row may start inside a group of four voxels.
  const std::uint32_t group = static_cast<std::uint32_t>(first_voxel >> 2);
  const int skipped = static_cast<int>(first_voxel & 3);
  for (int done = 0; done < skipped + size; done += 4 * kLanes)
    normal_block(group + static_cast<std::uint32_t>(done / 4), w.key0, w.key1, normal + done);
  for (int i = 0; i < size; ++i) row[i] += w.noise * normal[skipped + i];
}

template <class T>
void clamp_row(T* row, int size, T low, T high) {
  for (int i = 0; i < size; ++i) row[i] = clamp_to(row[i], low, high);
}

/// The rows and columns that contain labels; low is above high if there are none.
struct Bounds {
  int low_x, high_x, low_y, high_y;
};

Bounds label_bounds(const std::uint8_t* label, int rows, int columns) {
  Bounds bounds{columns, -1, rows, -1};
  for (int y = 0; y < rows; ++y) {
    const std::uint8_t* row = label + static_cast<std::int64_t>(y) * columns;
    const std::uint8_t* first = std::find_if(row, row + columns, [](std::uint8_t value) { return value != 0; });
    if (first == row + columns) continue;
    int last = columns - 1;
    while (row[last] == 0) --last;
    bounds.low_x = std::min(bounds.low_x, static_cast<int>(first - row));
    bounds.high_x = std::max(bounds.high_x, last);
    bounds.low_y = std::min(bounds.low_y, y);
    bounds.high_y = y;
  }
  return bounds;
}

/// Samples rows, one crop after another; what the rows of a crop share is computed once.
template <class T>
class RowSampler {
 public:
  RowSampler(const Planes& planes, const Options& options)
      : p_(planes),
        o_(options),
        size_(static_cast<int>(options.size)),
        columns_(static_cast<int>(planes.columns)),
        taps_(size_),
        wx_(size_),
        wy_(size_),
        upper_(size_),
        lower_(size_),
        normal_(size_ + 4 + 4 * kLanes) {}

  void open(const double* draws) {
    w_ = make_window<T>(draws, size_, static_cast<int>(p_.rows), columns_, o_.border_at_window);
    stack_ = stack_of(p_, draws);
    label_ = p_.label + stack_[p_.channels] * p_.rows * p_.columns;
    bounds_ = label_bounds(label_, static_cast<int>(p_.rows), columns_);
  }

  void sample(int row, T* image, T* mask) {
    for (int column = 0; column < size_; ++column) {
      const T x = clamped_x(w_, row, column), y = clamped_y(w_, row, column);
      taps_[column] = make_tap(x, y, static_cast<int>(p_.rows), columns_);
      wx_[column] = taps_[column].wx;
      wy_[column] = taps_[column].wy;
    }
    for (std::int64_t channel = 0; channel < p_.channels; ++channel) sample_channel(row, channel, image);
    sample_label(row, mask + static_cast<std::int64_t>(row) * size_);
  }

 private:
  void sample_channel(int row, std::int64_t channel, T* image) {
    const std::int64_t first_voxel = (channel * size_ + row) * size_;
    const std::int64_t plane = stack_[slice_of(w_, channel, p_.channels)];
    const std::int16_t* source = p_.image + plane * p_.rows * p_.columns;
    const T low = static_cast<T>(o_.clip_low), high = static_cast<T>(o_.clip_high);
    for (int column = 0; column < size_; ++column) {
      upper_[column] = pair_at(source + taps_[column].corner);
      lower_[column] = pair_at(source + taps_[column].corner + columns_);
    }
    T* out = image + first_voxel;
    weigh_row(upper_.data(), lower_.data(), wx_.data(), wy_.data(), size_, out);
    if (o_.noise_after_clamp) clamp_row(out, size_, low, high);
    if (w_.noise != 0) add_noise(out, first_voxel, size_, w_, normal_.data());
    if (!o_.noise_after_clamp) clamp_row(out, size_, low, high);
  }

  void sample_label(int row, T* out) {
    const T half = static_cast<T>(0.5);
    const T margin_x = 1 + cell_reach(w_.xx, w_.xy), margin_y = 1 + cell_reach(w_.yx, w_.yy);
    for (int column = 0; column < size_; ++column) {
      const T x = clamped_x(w_, row, column), y = clamped_y(w_, row, column);
      // Skips pixels without a label within reach, which are most pixels of most crops.
      bool set = x >= bounds_.low_x - margin_x && x <= bounds_.high_x + margin_x && y >= bounds_.low_y - margin_y &&
                 y <= bounds_.high_y + margin_y;
      if (set)
        set = o_.label_resample ? bilinear_at(label_, taps_[column], columns_) > half
                                : kept_label(label_, w_, row, column, columns_);
      out[column] = set ? static_cast<T>(1) : static_cast<T>(0);
    }
  }

  const Planes& p_;
  const Options& o_;
  int size_, columns_;
  Window<T> w_{};
  const std::int32_t* stack_ = nullptr;
  const std::uint8_t* label_ = nullptr;
  Bounds bounds_{};
  std::vector<Tap<T>> taps_;
  std::vector<T> wx_, wy_;
  std::vector<Pair> upper_, lower_;
  std::vector<T> normal_;
};

template <class T>
void sample_batch(const Planes& p, const Options& o, const double* draws, std::int64_t positions, std::int64_t first,
                  T* image, T* mask) {
  const std::int64_t size = o.size;
  at::parallel_for(0, o.batch * size, size, [&](std::int64_t begin, std::int64_t end) {
    RowSampler<T> sampler(p, o);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t sample = i / size;
      if (i == begin || i % size == 0) sampler.open(draws + (first + sample) % positions * kDrawColumns);
      sampler.sample(static_cast<int>(i % size), image + sample * p.channels * size * size,
                     mask + sample * size * size);
    }
  });
}

// A row that draw_epoch did not write could point anywhere; reading there would end the process.
void check_rows(const Planes& p, const Options& o, const double* draws, std::int64_t positions, std::int64_t first) {
  for (std::int64_t sample = 0; sample < o.batch; ++sample) {
    const std::int64_t position = (first + sample) % positions;
    const double* row = draws + position * kDrawColumns;
    const RowFault fault = row_fault(p, o, row);
    TORCH_CHECK(fault.kind != RowFault::kWindow, "crop_augment: row ", position, " of draws names crop ", row[kCrop],
                " at (", row[kRowOffset], ", ", row[kColumnOffset], "), expected a crop below ", p.crops,
                " and a window of ", o.size, " inside planes of ", p.rows, "x", p.columns);
    TORCH_CHECK(fault.kind != RowFault::kMatrix, "crop_augment: row ", position, " of draws has the matrix entry ",
                row[kAffine + fault.place], ", expected a number between -1e4 and 1e4");
    TORCH_CHECK(fault.kind != RowFault::kCut, "crop_augment: row ", position, " of draws cuts ", row[fault.place],
                " slices off a stack of ", p.channels, ", expected 0 to ", p.channels / 2);
    TORCH_CHECK(fault.kind != RowFault::kTable, "crop_augment: row ", static_cast<std::int64_t>(row[kCrop]),
                " of table names ", fault.place < p.channels ? "image" : "label", " plane ",
                stack_of(p, row)[fault.place], ", expected a plane below ",
                fault.place < p.channels ? p.planes : p.labels);
  }
}

std::tuple<at::Tensor, at::Tensor> crop_augment(const at::Tensor& image, const at::Tensor& label,
                                                const at::Tensor& table, const at::Tensor& draws, at::Tensor& cursor,
                                                std::int64_t batch, std::int64_t window, double clip_low,
                                                double clip_high, bool border_at_window, bool label_resample,
                                                bool noise_after_clamp, std::optional<at::ScalarType> dtype) {
  check_crop_arguments(image, label, table, draws, cursor, batch, window);
  const at::ScalarType type = crop_dtype(dtype);
  const Planes planes = planes_of(image, label, table);
  const Options options{batch, window, clip_low, clip_high, border_at_window, label_resample, noise_after_clamp};
  const double* rows = draws.const_data_ptr<double>();
  std::int64_t& position = *cursor.mutable_data_ptr<std::int64_t>();
  TORCH_CHECK(position >= 0, "crop_augment: cursor is ", position, ", expected at least 0");
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

void register_crop_augment(torch::Library& cpu) { cpu.impl("crop_augment", crop_augment); }

}  // namespace nodule
