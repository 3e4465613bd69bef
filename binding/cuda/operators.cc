#include "cuda/operators.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "cuda/device.h"
#include "cuda/kernels.h"
#include "nodule/crop_check.h"

namespace nodule {

namespace {

// The dispatcher comes here if any argument is on CUDA; reading a host pointer in a kernel would end the process.
void check_same_device(const char* name, const at::Tensor& first, const char* other_name, const at::Tensor& other) {
  TORCH_CHECK(first.device() == other.device(), name, ": ", other_name, " is on ", other.device(), ", expected ",
              first.device(), ", the device of the first argument");
}

template <class T>
void sample(const CropPlanes& planes, const CropOptions& options, const at::Tensor& draws, at::Tensor& cursor,
            at::Tensor& image, at::Tensor& mask) {
  const OnDevice device(image);
  const auto room = static_cast<std::int64_t>(sizeof(OpenCrop<T>)) * options.batch;
  const at::Tensor crops = at::empty({room}, image.options().dtype(at::kByte));
  check_launch("crop_augment", launch_crop_augment({planes, options, draws.const_data_ptr<double>(), draws.size(0),
                                                    cursor.mutable_data_ptr<std::int64_t>(),
                                                    reinterpret_cast<OpenCrop<T>*>(crops.mutable_data_ptr()),
                                                    image.mutable_data_ptr<T>(), mask.mutable_data_ptr<T>()},
                                                   device.stream()));
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> crop_augment_cuda(const at::Tensor& image, const at::Tensor& label,
                                                     const at::Tensor& table, const at::Tensor& draws,
                                                     at::Tensor& cursor, std::int64_t batch, std::int64_t window,
                                                     double clip_low, double clip_high, bool border_at_window,
                                                     bool label_resample, bool noise_after_clamp,
                                                     std::optional<at::ScalarType> dtype) {
  check_same_device("crop_augment", image, "label", label);
  check_same_device("crop_augment", image, "table", table);
  check_same_device("crop_augment", image, "draws", draws);
  check_same_device("crop_augment", image, "cursor", cursor);
  check_crop_arguments(image, label, table, draws, cursor, batch, window);
  const at::ScalarType type = crop_dtype(dtype);
  const CropPlanes planes = planes_of(image, label, table);
  const CropOptions options{batch, window, clip_low, clip_high, border_at_window, label_resample, noise_after_clamp};
  at::Tensor out = at::empty({batch, planes.channels, window, window}, image.options().dtype(type));
  at::Tensor mask = at::empty({batch, 1, window, window}, image.options().dtype(type));
  if (type == at::kFloat)
    sample<float>(planes, options, draws, cursor, out, mask);
  else
    sample<double>(planes, options, draws, cursor, out, mask);
  cursor.unsafeGetTensorImpl()->bump_version();
  return {out, mask};
}

at::Tensor philox_cuda(const at::Tensor& counters, const at::Tensor& keys) {
  check_same_device("philox4x32_10", counters, "keys", keys);
  TORCH_CHECK(counters.dim() == 2 && counters.size(1) == 4 && counters.scalar_type() == at::kLong && keys.dim() == 2 &&
                  keys.size(1) == 2 && keys.size(0) == counters.size(0) && keys.scalar_type() == at::kLong,
              "philox4x32_10: counters is ", counters.scalar_type(), " ", counters.sizes(), " and keys is ",
              keys.scalar_type(), " ", keys.sizes(), ", expected int64 [n, 4] and int64 [n, 2]");
  const OnDevice device(counters);
  const at::Tensor counter_rows = counters.contiguous(), key_rows = keys.contiguous();
  at::Tensor out = at::empty_like(counters, at::MemoryFormat::Contiguous);
  check_launch("philox4x32_10",
               launch_philox(counter_rows.const_data_ptr<std::int64_t>(), key_rows.const_data_ptr<std::int64_t>(),
                             out.mutable_data_ptr<std::int64_t>(), counters.size(0), device.stream()));
  return out;
}

}  // namespace nodule
