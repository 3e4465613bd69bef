// Kernel launches: compiled by nvcc for the GPU, and by g++ as loops over blocks and threads for the CPU (the shim), so
// that a machine without a GPU runs the same indexing and the same arithmetic. Kernels therefore use one-dimensional
// blocks and neither shared memory nor warp intrinsics. Both are compiled without fused multiply-add.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)

#include <cuda_runtime.h>

#define NODULE_LAUNCH(kernel, grid, threads, stream, ...) \
  kernel<<<grid, threads, 0, static_cast<cudaStream_t>(stream)>>>(__VA_ARGS__)

namespace nodule {

/// The cudaError_t of the preceding launches.
inline int launch_result() { return static_cast<int>(cudaGetLastError()); }

}  // namespace nodule

#else

#define __global__ static

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x_, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

// CUDA's names. A launch in the shim runs on the calling thread.
inline thread_local dim3 gridDim(1), blockDim(1), blockIdx(0, 0, 0), threadIdx(0, 0, 0);

// From last to first, to expose a kernel whose result depends on the order of its threads.
#define NODULE_LAUNCH(kernel, grid, threads, stream, ...)                         \
  do {                                                                            \
    static_cast<void>(stream);                                                    \
    gridDim = (grid);                                                             \
    blockDim = dim3(threads);                                                     \
    for (blockIdx.z = gridDim.z; blockIdx.z-- > 0;)                               \
      for (blockIdx.y = gridDim.y; blockIdx.y-- > 0;)                             \
        for (blockIdx.x = gridDim.x; blockIdx.x-- > 0;)                           \
          for (threadIdx.x = blockDim.x; threadIdx.x-- > 0;) kernel(__VA_ARGS__); \
  } while (false)

namespace nodule {

inline int launch_result() { return 0; }

}  // namespace nodule

#endif

namespace nodule {

constexpr unsigned kThreads = 256;
/// CUDA's limit on blocks in the second and third dimension; kernels loop over the rest.
constexpr std::int64_t kMostBlocks = 65535;

inline unsigned blocks_for(std::int64_t items) { return static_cast<unsigned>((items + kThreads - 1) / kThreads); }
inline unsigned at_most_blocks(std::int64_t items) {
  return static_cast<unsigned>(items < kMostBlocks ? items : kMostBlocks);
}

}  // namespace nodule
