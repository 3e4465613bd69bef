import type { Shape3, Vector3 } from '../../ct/index.js';

/**
 * Blurs a box `[slices, rows, columns]` in place with a Gaussian whose standard deviations are in voxels along
 * [columns, rows, slices]. The values at the edges are repeated. A standard deviation below 0.1 leaves its axis alone.
 */
export function blurBox(values: Float32Array, [slices, rows, columns]: Shape3, sigmas: Vector3): Float32Array {
  const lengths = [columns, rows, slices] as const;
  const strides = [1, columns, rows * columns] as const;
  for (const axis of [0, 1, 2] as const) {
    const kernel = gaussian(sigmas[axis]);
    if (kernel.length === 1) continue;
    blurLines(values, lengths[axis], strides[axis], kernel);
  }
  return values;
}

/** Half of a symmetric kernel, from its middle. Its variance is that of the Gaussian, which sampling alone misses. */
function gaussian(sigma: number): Float64Array {
  if (sigma < 0.1) return Float64Array.of(1);
  // Up to one voxel, three taps hold the variance exactly where a sampled Gaussian does not.
  if (sigma <= 0.7) return Float64Array.of(1 - sigma ** 2, sigma ** 2 / 2);
  const half = Float64Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, k) => Math.exp(-((k / sigma) ** 2) / 2));
  const sum = half.reduce((total, weight, k) => total + (k === 0 ? weight : 2 * weight), 0);
  return half.map((weight) => weight / sum);
}

function blurLines(values: Float32Array, length: number, stride: number, kernel: Float64Array): void {
  const line = new Float64Array(length);
  for (let first = 0; first < values.length; first++) {
    if (Math.floor(first / stride) % length !== 0) continue;
    for (let k = 0; k < length; k++) line[k] = values[first + k * stride]!;
    for (let k = 0; k < length; k++) {
      let sum = kernel[0]! * line[k]!;
      for (let t = 1; t < kernel.length; t++)
        sum += kernel[t]! * (line[Math.max(0, k - t)]! + line[Math.min(length - 1, k + t)]!);
      values[first + k * stride] = sum;
    }
  }
}
