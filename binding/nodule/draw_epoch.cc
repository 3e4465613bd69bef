// nodule::draw_epoch: the order of an epoch and all its random parameters, in one table that the device reads.
// A row depends only on (seed, epoch, position) and the data set.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "nodule/draws.h"
#include "nodule/library.h"
#include "nodule/philox.h"

namespace nodule {
namespace {

/// Random words of one epoch, addressed by their purpose and a place.
class Source {
 public:
  Source(std::int64_t seed, std::int64_t epoch) : seed_(static_cast<std::uint64_t>(seed)), epoch_(epoch) {}

  Words words(Stream stream, std::uint64_t place, std::uint32_t block = 0) const {
    const Words counter{{static_cast<std::uint32_t>(place), static_cast<std::uint32_t>(place >> 32),
                         static_cast<std::uint32_t>(epoch_), stream | block << 8}};
    return philox4x32_10(counter, static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32));
  }

 private:
  std::uint64_t seed_;
  std::int64_t epoch_;
};

double unit(std::uint32_t word) { return (word + 0.5) * 0x1p-32; }
double signed_unit(std::uint32_t word) { return 2 * unit(word) - 1; }
std::int64_t below(std::uint32_t word, std::int64_t n) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(word) * static_cast<std::uint64_t>(n) >> 32);
}

/// Sine and cosine of 2*pi*turn by their Taylor series: those of C libraries differ in the last bit between machines.
void sine_cosine(double turn, double* sine, double* cosine) {
  const int quarter = static_cast<int>(4 * turn + 0.5);
  const double x = (turn - 0.25 * quarter) * 6.283185307179586476925;
  const double xx = x * x;
  double s = 1, c = 1;
  for (int k = 18; k >= 2; k -= 2) {
    s = 1 - xx / (k * (k + 1)) * s;
    c = 1 - xx / ((k - 1) * k) * c;
  }
  s *= x;
  const double sines[4] = {s, c, -s, -c};
  *sine = sines[quarter & 3];
  *cosine = sines[(quarter + 1) & 3];
}

/// Visits all groups in a new random order in each cycle, so that none repeats before all were visited.
class Rounds {
 public:
  Rounds(const at::Tensor& groups, const Source& source, std::uint32_t kind)
      : starts_(groups.const_data_ptr<std::int64_t>()), count_(groups.numel() - 1), source_(source), kind_(kind) {}

  std::int64_t size() const { return count_; }

  /// The crop of visit number `visit`: a member of the group, chosen by `word`.
  std::int64_t crop(std::int64_t visit, std::uint32_t word) {
    if (visit / count_ != cycle_) shuffle(visit / count_);
    const std::int64_t group = order_[visit % count_];
    return starts_[group] + below(word, starts_[group + 1] - starts_[group]);
  }

 private:
  void shuffle(std::int64_t cycle) {
    cycle_ = cycle;
    std::vector<std::uint64_t> keys(count_);
    for (std::int64_t i = 0; i < count_; ++i) {
      const auto place = static_cast<std::uint64_t>(i) | static_cast<std::uint64_t>(cycle) << 32;
      const Words w = source_.words(kStreamOrder, place, kind_);
      keys[i] = static_cast<std::uint64_t>(w.w[0]) << 32 | w.w[1];
    }
    order_.resize(count_);
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](std::int64_t a, std::int64_t b) { return keys[a] < keys[b]; });
  }

  const std::int64_t* starts_;
  std::int64_t count_;
  const Source& source_;
  std::uint32_t kind_;
  std::int64_t cycle_ = -1;
  std::vector<std::int64_t> order_;
};

struct Transform {
  bool flip;
  double offset, scale;
  bool rotate, offset_no_op;
};

/// Draws the affine matrix as the book composes it: flip and scale of each axis times a rotation, with the translation
/// in the third column, where affine_grid reads it.
void draw_affine(const Transform& t, const Words& first, const Words& second, double* affine) {
  double axis[2], shift[2];
  for (int i = 0; i < 2; ++i) {
    axis[i] = t.flip && (first.w[i] >> 31) != 0 ? -1 : 1;
    axis[i] *= 1 + t.scale * signed_unit(second.w[i]);
    shift[i] = t.offset_no_op ? 0 : t.offset * signed_unit(first.w[2 + i]);
  }
  double sine = 0, cosine = 1;
  if (t.rotate) sine_cosine(unit(second.w[2]), &sine, &cosine);
  affine[0] = axis[0] * cosine;
  affine[1] = -axis[0] * sine;
  affine[2] = shift[0];
  affine[3] = axis[1] * sine;
  affine[4] = axis[1] * cosine;
  affine[5] = shift[1];
}

/// Draws the first row (or column) of a window. A focus in the middle of the plane allows every position. A focus off
/// the middle keeps the same distance from the window's edge as one in the middle, as far as the plane allows.
std::int64_t place_window(std::uint32_t word, std::int64_t focus, std::int64_t extent, std::int64_t window) {
  const std::int64_t room = extent - window;
  const std::int64_t moved = focus - extent / 2;
  const std::int64_t low = std::clamp<std::int64_t>(moved, 0, room);
  const std::int64_t high = std::clamp<std::int64_t>(moved + room, 0, room);
  return low + below(word, high - low + 1);
}

void check_groups(const at::Tensor& groups, const char* name, std::int64_t crops) {
  TORCH_CHECK(groups.dim() == 1 && groups.numel() >= 1 && groups.scalar_type() == at::kLong && groups.is_contiguous(),
              "draw_epoch: ", name, " is ", groups.scalar_type(), " ", groups.sizes(),
              ", expected contiguous int64 [groups + 1]");
  const std::int64_t* g = groups.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i + 1 < groups.numel(); ++i)
    TORCH_CHECK(g[i] >= 0 && g[i] < g[i + 1] && g[i + 1] <= crops, "draw_epoch: ", name, " has ", g[i], " then ",
                g[i + 1], ", expected strictly increasing values from 0 to ", crops);
}

at::Tensor draw_epoch(const at::Tensor& positive_groups, const at::Tensor& negative_groups, const at::Tensor& focus,
                      std::int64_t positions, std::int64_t seed, std::int64_t epoch, std::int64_t rows,
                      std::int64_t columns, std::int64_t window, double negative_share, bool flip, bool flip_slices,
                      double offset, double scale, bool rotate, double noise, bool offset_no_op,
                      std::int64_t transform_batch, std::int64_t hide_edges,
                      const std::optional<at::Tensor>& hard_groups, double hard_share) {
  TORCH_CHECK(focus.dim() == 2 && focus.size(1) == 2 && focus.scalar_type() == at::kInt && focus.is_contiguous(),
              "draw_epoch: focus is ", focus.scalar_type(), " ", focus.sizes(),
              ", expected contiguous int32 [crops, 2]");
  const std::int32_t* foci = focus.const_data_ptr<std::int32_t>();
  for (std::int64_t i = 0; i < focus.size(0); ++i)
    TORCH_CHECK(foci[2 * i] >= 0 && foci[2 * i] < rows && foci[2 * i + 1] >= 0 && foci[2 * i + 1] < columns,
                "draw_epoch: row ", i, " of focus is (", foci[2 * i], ", ", foci[2 * i + 1], "), outside a plane of ",
                rows, "x", columns);
  check_groups(positive_groups, "positive_groups", focus.size(0));
  check_groups(negative_groups, "negative_groups", focus.size(0));
  TORCH_CHECK(positions > 0, "draw_epoch: positions is ", positions, ", expected at least 1");
  TORCH_CHECK(epoch >= 0 && epoch < (std::int64_t{1} << 32), "draw_epoch: epoch is ", epoch,
              ", expected 0 to 2^32 - 1");
  TORCH_CHECK(window > 0 && window <= rows && window <= columns, "draw_epoch: window is ", window, ", expected 1 to ",
              std::min(rows, columns));
  TORCH_CHECK(negative_share >= 0 && negative_share <= 1, "draw_epoch: negative_share is ", negative_share,
              ", expected 0 to 1");
  TORCH_CHECK(scale >= 0 && scale < 1, "draw_epoch: scale is ", scale, ", expected at least 0 and below 1");
  TORCH_CHECK(offset >= 0 && noise >= 0, "draw_epoch: offset is ", offset, " and noise is ", noise,
              ", expected at least 0");
  TORCH_CHECK(transform_batch > 0, "draw_epoch: transform_batch is ", transform_batch, ", expected at least 1");
  TORCH_CHECK(hide_edges >= 0, "draw_epoch: hide_edges is ", hide_edges, ", expected at least 0");
  TORCH_CHECK(hard_share >= 0 && hard_share <= 1, "draw_epoch: hard_share is ", hard_share, ", expected 0 to 1");
  TORCH_CHECK(hard_share == 0 || (hard_groups.has_value() && hard_groups->numel() > 1),
              "draw_epoch: there is no hard crop, but hard_share is ", hard_share, ", expected 0");
  const at::Tensor& hard_starts = hard_share > 0 ? *hard_groups : negative_groups;
  check_groups(hard_starts, "hard_groups", focus.size(0));
  const Source source(seed, epoch);
  Rounds positive(positive_groups, source, 0), negative(negative_groups, source, 1), hard(hard_starts, source, 2);
  TORCH_CHECK(positive.size() > 0 || negative_share == 1,
              "draw_epoch: there is no crop with a nodule, but negative_share is ", negative_share, ", expected 1");
  TORCH_CHECK(negative.size() > 0 || negative_share == 0 || hard_share == 1,
              "draw_epoch: there is no crop without a nodule, but negative_share is ", negative_share, ", expected 0");

  const Transform transform{flip, offset, scale, rotate, offset_no_op};
  const Words phases = source.words(kStreamShare, 0);
  const double phase = unit(phases.w[0]), hard_phase = unit(phases.w[1]);
  // Both shares are spread evenly over the epoch, so that every batch has its part.
  const auto count = [](std::int64_t places, double share, double from) {
    return static_cast<std::int64_t>(std::floor(places * share + from));
  };
  at::Tensor draws = at::empty({positions, kDrawColumns}, focus.options().dtype(at::kDouble));
  double* row = draws.mutable_data_ptr<double>();
  for (std::int64_t position = 0; position < positions; ++position, row += kDrawColumns) {
    const std::int64_t before = count(position, negative_share, phase);
    const bool is_negative = count(position + 1, negative_share, phase) > before;
    const std::int64_t hard_before = count(before, hard_share, hard_phase);
    const bool is_hard = is_negative && count(before + 1, hard_share, hard_phase) > hard_before;
    const Words place = source.words(kStreamPlace, position);
    const std::int64_t crop = is_hard       ? hard.crop(hard_before, place.w[0])
                              : is_negative ? negative.crop(before - hard_before, place.w[0])
                                            : positive.crop(position - before, place.w[0]);
    row[kCrop] = static_cast<double>(crop);
    row[kRowOffset] = static_cast<double>(place_window(place.w[1], foci[2 * crop], rows, window));
    row[kColumnOffset] = static_cast<double>(place_window(place.w[2], foci[2 * crop + 1], columns, window));
    const std::int64_t shared = position / transform_batch * transform_batch;
    const Words second = source.words(kStreamTransform, shared, 1);
    draw_affine(transform, source.words(kStreamTransform, shared), second, row + kAffine);
    row[kMirror] = flip_slices ? second.w[3] >> 31 : 0;
    const Words key = source.words(kStreamNoiseKey, position);
    const Words edges = source.words(kStreamEdges, position);
    row[kCutFirst] = static_cast<double>(below(edges.w[0], hide_edges + 1));
    row[kCutLast] = static_cast<double>(below(edges.w[1], hide_edges + 1));
    row[kNoise] = noise;
    row[kNoiseKey0] = key.w[0];
    row[kNoiseKey1] = key.w[1];
  }
  return draws;
}

at::Tensor philox(const at::Tensor& counters, const at::Tensor& keys) {
  TORCH_CHECK(counters.dim() == 2 && counters.size(1) == 4 && counters.scalar_type() == at::kLong && keys.dim() == 2 &&
                  keys.size(1) == 2 && keys.size(0) == counters.size(0) && keys.scalar_type() == at::kLong,
              "philox4x32_10: counters is ", counters.scalar_type(), " ", counters.sizes(), " and keys is ",
              keys.scalar_type(), " ", keys.sizes(), ", expected int64 [n, 4] and int64 [n, 2]");
  at::Tensor out = at::empty_like(counters, at::MemoryFormat::Contiguous);
  const auto c = counters.accessor<std::int64_t, 2>();
  const auto k = keys.accessor<std::int64_t, 2>();
  auto o = out.accessor<std::int64_t, 2>();
  for (std::int64_t i = 0; i < counters.size(0); ++i) {
    Words counter;
    for (int j = 0; j < 4; ++j) counter.w[j] = static_cast<std::uint32_t>(c[i][j]);
    const Words words =
        philox4x32_10(counter, static_cast<std::uint32_t>(k[i][0]), static_cast<std::uint32_t>(k[i][1]));
    for (int j = 0; j < 4; ++j) o[i][j] = words.w[j];
  }
  return out;
}

}  // namespace

void register_draw_epoch(torch::Library& cpu) {
  cpu.impl("draw_epoch", draw_epoch);
  cpu.impl("philox4x32_10", philox);
}

}  // namespace nodule
