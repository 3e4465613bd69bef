// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2,
// 3" (SC 2011). A number depends only on its key and counter, so the noise of any voxel is computed without generating
// the numbers before it.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define NODULE_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define NODULE_HOST_DEVICE inline __attribute__((always_inline))
#endif

namespace nodule {

struct Words {
  std::uint32_t w[4];
};

constexpr int kPhiloxRounds = 10;

/// One round; the key of round r is key + r * kPhiloxStep.
NODULE_HOST_DEVICE void philox_round(std::uint32_t& c0, std::uint32_t& c1, std::uint32_t& c2, std::uint32_t& c3,
                                     std::uint32_t key0, std::uint32_t key1) {
  const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * c0;
  const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * c2;
  const std::uint32_t n0 = static_cast<std::uint32_t>(product1 >> 32) ^ c1 ^ key0;
  const std::uint32_t n2 = static_cast<std::uint32_t>(product0 >> 32) ^ c3 ^ key1;
  c1 = static_cast<std::uint32_t>(product1);
  c3 = static_cast<std::uint32_t>(product0);
  c0 = n0;
  c2 = n2;
}

constexpr std::uint32_t kPhiloxStep0 = 0x9E3779B9u, kPhiloxStep1 = 0xBB67AE85u;

NODULE_HOST_DEVICE Words philox4x32_10(Words counter, std::uint32_t key0, std::uint32_t key1) {
  std::uint32_t* c = counter.w;
  for (std::uint32_t round = 0; round < kPhiloxRounds; ++round)
    philox_round(c[0], c[1], c[2], c[3], key0 + round * kPhiloxStep0, key1 + round * kPhiloxStep1);
  return counter;
}

/// The purpose of a random number: the fourth word of the counter, so that no two purposes share a number.
enum Stream : std::uint32_t {
  kStreamOrder = 1,
  kStreamShare = 2,
  kStreamPlace = 3,
  kStreamTransform = 4,
  kStreamNoiseKey = 5,
  kStreamNoise = 6,
  kStreamEdges = 7,
};

}  // namespace nodule
