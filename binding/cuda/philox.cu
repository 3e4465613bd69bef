// The kernel of nodule::philox4x32_10, to verify that the device reproduces the generator's published numbers.
#include "cuda/kernels.h"
#include "cuda/launch.h"

namespace nodule {
namespace {

__global__ void philox_rows(const std::int64_t* counters, const std::int64_t* keys, std::int64_t* out, std::int64_t n) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= n) return;
  Words counter;
  for (int j = 0; j < 4; ++j) counter.w[j] = static_cast<std::uint32_t>(counters[4 * i + j]);
  const Words words =
      philox4x32_10(counter, static_cast<std::uint32_t>(keys[2 * i]), static_cast<std::uint32_t>(keys[2 * i + 1]));
  for (int j = 0; j < 4; ++j) out[4 * i + j] = words.w[j];
}

}  // namespace

int launch_philox(const std::int64_t* counters, const std::int64_t* keys, std::int64_t* out, std::int64_t n,
                  void* stream) {
  if (n > 0) NODULE_LAUNCH(philox_rows, dim3(blocks_for(n)), kThreads, stream, counters, keys, out, n);
  return launch_result();
}

}  // namespace nodule
