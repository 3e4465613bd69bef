// The kernels of nodule::crop_augment, one thread per output voxel. The arithmetic is that of nodule/crop_sample.h, as
// on the CPU, so the results are bit-identical.
#include "cuda/kernels.h"
#include "cuda/launch.h"

namespace nodule {
namespace {

template <class T>
__global__ void open_crops(CropLaunch<T> c) {
  const std::int64_t sample = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (sample >= c.options.batch) return;
  OpenCrop<T>& crop = c.crops[sample];
  crop.crop = -1;
  const std::int64_t first = *c.cursor;
  if (first < 0) return;
  const double* row = c.draws + (first + sample) % c.positions * kDrawColumns;
  if (row_fault(c.planes, c.options, row).kind != RowFault::kNone) return;
  crop.crop = static_cast<std::int64_t>(row[kCrop]);
  crop.window = make_window<T>(row, static_cast<int>(c.options.size), static_cast<int>(c.planes.rows),
                               static_cast<int>(c.planes.columns), c.options.border_at_window);
}

template <class T>
NODULE_HOST_DEVICE T normal_of_voxel(std::int64_t voxel, const Window<T>& w) {
  const Words words = philox4x32_10(noise_counter(static_cast<std::uint32_t>(voxel >> 2)), w.key0, w.key1);
  const int lane = static_cast<int>(voxel & 3);
  // Not indexed by a variable, which would move the words from registers to local memory.
  return normal_from<T>(lane == 0 ? words.w[0] : lane == 1 ? words.w[1] : lane == 2 ? words.w[2] : words.w[3]);
}

template <class T>
NODULE_HOST_DEVICE Tap<T> tap_of(const CropPlanes& p, const Window<T>& w, int row, int column) {
  return make_tap(clamped_x(w, row, column), clamped_y(w, row, column), static_cast<int>(p.rows),
                  static_cast<int>(p.columns));
}

template <class T>
NODULE_HOST_DEVICE T sample_image(const CropLaunch<T>& c, const OpenCrop<T>& crop, std::int64_t channel, int row,
                                  int column) {
  const CropPlanes& p = c.planes;
  const Window<T>& w = crop.window;
  const std::int32_t* stack = p.table + crop.crop * (p.channels + 1);
  const std::int64_t plane = stack[slice_of(w, channel, p.channels)];
  const T low = static_cast<T>(c.options.clip_low), high = static_cast<T>(c.options.clip_high);
  T value = bilinear_at(p.image + plane * p.rows * p.columns, tap_of(p, w, row, column), static_cast<int>(p.columns));
  if (c.options.noise_after_clamp) value = clamp_to(value, low, high);
  if (w.noise != 0) value += w.noise * normal_of_voxel((channel * w.size + row) * w.size + column, w);
  if (!c.options.noise_after_clamp) value = clamp_to(value, low, high);
  return value;
}

template <class T>
NODULE_HOST_DEVICE T sample_label(const CropLaunch<T>& c, const OpenCrop<T>& crop, int row, int column) {
  const CropPlanes& p = c.planes;
  const Window<T>& w = crop.window;
  const int columns = static_cast<int>(p.columns);
  const std::uint8_t* label =
      p.label + static_cast<std::int64_t>(p.table[crop.crop * (p.channels + 1) + p.channels]) * p.rows * p.columns;
  const bool set = c.options.label_resample
                       ? bilinear_at(label, tap_of(p, w, row, column), columns) > static_cast<T>(0.5)
                       : kept_label(label, w, row, column, columns);
  return set ? static_cast<T>(1) : static_cast<T>(0);
}

template <class T>
NODULE_HOST_DEVICE T not_a_number() {
  return static_cast<T>(__builtin_nan(""));
}

// Grid: voxels of a plane (x), channels followed by the mask (y), samples (z).
template <class T>
__global__ void sample_crops(CropLaunch<T> c) {
  const std::int64_t size = c.options.size, channels = c.planes.channels;
  const std::int64_t voxel = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (voxel >= size * size) return;
  const int row = static_cast<int>(voxel / size), column = static_cast<int>(voxel % size);
  for (std::int64_t sample = blockIdx.z; sample < c.options.batch; sample += gridDim.z) {
    const OpenCrop<T>& crop = c.crops[sample];
    for (std::int64_t channel = blockIdx.y; channel <= channels; channel += gridDim.y) {
      const bool is_mask = channel == channels;
      T* out = is_mask ? c.mask + sample * size * size : c.image + (sample * channels + channel) * size * size;
      out[voxel] = crop.crop < 0 ? not_a_number<T>()
                   : is_mask     ? sample_label(c, crop, row, column)
                                 : sample_image(c, crop, channel, row, column);
    }
  }
}

// A separate kernel: in `open_crops` one thread would advance the cursor before another has read it.
__global__ void advance(std::int64_t* cursor, std::int64_t by) { *cursor += by; }

template <class T>
int launch_all(const CropLaunch<T>& c, void* stream) {
  const dim3 grid(blocks_for(c.options.size * c.options.size), at_most_blocks(c.planes.channels + 1),
                  at_most_blocks(c.options.batch));
  NODULE_LAUNCH(open_crops<T>, dim3(blocks_for(c.options.batch)), kThreads, stream, c);
  NODULE_LAUNCH(sample_crops<T>, grid, kThreads, stream, c);
  NODULE_LAUNCH(advance, dim3(1), 1, stream, c.cursor, c.options.batch);
  return launch_result();
}

}  // namespace

int launch_crop_augment(const CropLaunch<float>& launch, void* stream) { return launch_all(launch, stream); }
int launch_crop_augment(const CropLaunch<double>& launch, void* stream) { return launch_all(launch, stream); }

}  // namespace nodule
