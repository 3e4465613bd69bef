import { type Index3, median, type Vector3, type Volume } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { scramble } from '../random.js';
import { SUM_OF_BYTES, whiteNoise } from '../simulateScanner.js';

/** A flat piece of soft tissue in one slice. */
interface Patch {
  /** Its first voxel. */
  at: Index3;
  sdHu: number;
}

/** Noise of a scan, measured in its soft tissue. */
export interface ScanNoise {
  patches: readonly Patch[];
  /** Edge of a patch in pixels. */
  size: number;
  /** Filter `[size, size]` that gives white noise the scan's power spectrum; its squares sum to 1. */
  kernel: Float64Array;
  /** Correlation of neighbouring slices. */
  acrossCorrelation: number;
}

/** Mean of soft tissue, in HU: muscle, blood without contrast medium, liver, heart. */
const TISSUE = [-10, 110] as const;
const SIZES = [16, 8, 4] as const;
const FEWEST_PATCHES = 12;
/** A patch within this factor of its slice's quietest fifth has noise and no structure. */
const QUIET = 1.3;

/**
 * Measures noise in flat patches of soft tissue outside the lungs: standard deviation by place, power spectrum in the
 * slice (mean of |DFT|² of the patches after a plane is subtracted; ICRU Report 87) and correlation across slices.
 * @throws NoduleTrainError `insert-noise` if there is no flat soft tissue
 */
export function measureNoise(volume: Volume, lungs: Uint8Array): ScanNoise {
  for (const size of SIZES) {
    const patches = flatPatches(volume, lungs, size);
    if (patches.length < FEWEST_PATCHES) continue;
    const step = Math.max(1, Math.floor(patches.length / 400));
    const sample = patches.filter((_, n) => n % step === 0);
    return {
      patches,
      size,
      kernel: spectrumFilter(volume, sample, size),
      acrossCorrelation: acrossCorrelation(volume, sample, size),
    };
  }
  throw new NoduleTrainError(
    'insert-noise',
    `measuring the noise of ${volume.uid}: found less than ${FEWEST_PATCHES} flat patches of soft tissue ` +
      `(${SIZES.at(-1)} × ${SIZES.at(-1)} pixels of ${TISSUE[0]} to ${TISSUE[1]} HU), expected muscle, heart or ` +
      'liver beside the lungs. Give the whole scan.',
  );
}

function flatPatches(volume: Volume, lungs: Uint8Array, size: number): Patch[] {
  const [slices, rows, columns] = volume.shape;
  const found: Patch[] = [];
  for (let i = 0; i < slices; i++) {
    const here: Patch[] = [];
    for (let r = 0; r + size <= rows; r += size / 2) {
      for (let c = 0; c + size <= columns; c += size / 2) {
        if (lungs[(i * rows + r) * columns + c] === 1) continue;
        const patch = residual(volume, [i, r, c], size);
        if (patch === null || patch.mean < TISSUE[0] || patch.mean > TISSUE[1]) continue;
        here.push({ at: [i, r, c], sdHu: patch.sd });
      }
    }
    if (here.length < 3) continue;
    const sorted = here.map(({ sdHu }) => sdHu).sort((a, b) => a - b);
    const most = QUIET * sorted[Math.floor(sorted.length / 5)]!;
    found.push(...here.filter(({ sdHu }) => sdHu <= most));
  }
  return found;
}

/** A patch without its fitted plane; null where a voxel is far from soft tissue. */
function residual({ voxels, shape, scale, offset }: Volume, [i, r, c]: Index3, size: number) {
  const [, rows, columns] = shape;
  const values = new Float64Array(size * size);
  let [sum, across, down, squares] = [0, 0, 0, 0];
  const middle = (size - 1) / 2;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const value = voxels[(i * rows + r + y) * columns + c + x]! * scale + offset;
      if (value < -300 || value > 400) return null;
      values[y * size + x] = value;
      sum += value;
      across += value * (x - middle);
      down += value * (y - middle);
      squares += (x - middle) ** 2;
    }
  }
  const mean = sum / values.length;
  let variance = 0;
  for (let at = 0; at < values.length; at++) {
    const [x, y] = [(at % size) - middle, Math.floor(at / size) - middle];
    values[at] = values[at]! - mean - (across * x + down * y) / squares;
    variance += values[at]! ** 2;
  }
  // Three fitted parameters.
  return { values, mean, sd: Math.sqrt(variance / (values.length - 3)) };
}

function spectrumFilter(volume: Volume, patches: readonly Patch[], size: number): Float64Array {
  const power = new Float64Array(size * size);
  for (const { at, sdHu } of patches) {
    const { values } = residual(volume, at, size)!;
    const { re, im } = dft2(values, size);
    for (let k = 0; k < power.length; k++) power[k]! += (re[k]! ** 2 + im[k]! ** 2) / Math.max(1e-6, sdHu ** 2);
  }
  // An even spectrum has a real, even filter; its transform and inverse transform differ only by a factor.
  const { re } = dft2(power.map(Math.sqrt), size);
  const norm = Math.sqrt(re.reduce((sum, value) => sum + value * value, 0));
  if (norm === 0) return Float64Array.from(re, (_, k) => (k === 0 ? 1 : 0));
  return re.map((value) => value / norm);
}

/** Two-dimensional discrete Fourier transform of real values `[size, size]`. */
function dft2(values: Float64Array, size: number): { re: Float64Array; im: Float64Array } {
  const cos = Float64Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sin = Float64Array.from({ length: size }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  let [re, im] = [values, new Float64Array(values.length)];
  // Each pass transforms the rows and transposes.
  for (let pass = 0; pass < 2; pass++) {
    const [toRe, toIm] = [new Float64Array(values.length), new Float64Array(values.length)];
    for (let y = 0; y < size; y++) {
      for (let k = 0; k < size; k++) {
        let [a, b] = [0, 0];
        for (let x = 0; x < size; x++) {
          const w = (k * x) % size;
          a += re[y * size + x]! * cos[w]! - im[y * size + x]! * sin[w]!;
          b += re[y * size + x]! * sin[w]! + im[y * size + x]! * cos[w]!;
        }
        toRe[k * size + y] = a;
        toIm[k * size + y] = b;
      }
    }
    [re, im] = [toRe, toIm];
  }
  return { re, im };
}

function acrossCorrelation(volume: Volume, patches: readonly Patch[], size: number): number {
  const found: number[] = [];
  for (const { at, sdHu } of patches) {
    if (at[0] + 1 >= volume.shape[0]) continue;
    const next = residual(volume, [at[0] + 1, at[1], at[2]], size);
    if (next === null || next.sd > QUIET * sdHu || sdHu === 0 || next.sd === 0) continue;
    const here = residual(volume, at, size)!.values;
    found.push(here.reduce((sum, value, k) => sum + value * next.values[k]!, 0) / (here.length * sdHu * next.sd));
  }
  // Three taps [a, 1, a] reach up to 0.7.
  return Math.max(0, Math.min(0.7, median(Float64Array.from(found)) ?? 0));
}

const NEAREST = 40;

/**
 * Standard deviation of the noise around a place, in HU: the lower quartile of the nearest patches, which has the least
 * structure.
 */
export function noiseAt({ patches, size }: ScanNoise, [i, r, c]: Index3, [sx, sy, sz]: Vector3): number {
  const near = patches
    .map(({ at, sdHu }) => ({
      far: Math.hypot((at[0] - i) * sz, (at[1] + size / 2 - r) * sy, (at[2] + size / 2 - c) * sx),
      sdHu,
    }))
    .sort((a, b) => a.far - b.far)
    .slice(0, NEAREST);
  return near.map(({ sdHu }) => sdHu).sort((a, b) => a - b)[Math.floor(near.length / 4)]!;
}

/** Makes noise of standard deviation 1 with the scan's power spectrum, `[slices, rows, columns]`. */
export function makeNoise(noise: ScanNoise, shape: readonly [number, number, number], key: number): Float32Array {
  const { size, kernel, acrossCorrelation: rho } = noise;
  const [slices, rows, columns] = shape;
  const half = size / 2;
  const [high, wide] = [rows + size, columns + size];
  const white = new Float32Array(high * wide);
  const planes = Array.from({ length: slices + 2 }, (_, i) => {
    whiteNoise(white, scramble(key), i * white.length);
    const plane = new Float32Array(rows * columns);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        // The filter is periodic: its second half stands for negative shifts.
        const weight = kernel[((y + half) % size) * size + ((x + half) % size)]! / SUM_OF_BYTES;
        if (Math.abs(weight) < 1e-6) continue;
        for (let r = 0; r < rows; r++) {
          const from = (r + y) * wide + x;
          for (let c = 0; c < columns; c++) plane[r * columns + c]! += weight * white[from + c]!;
        }
      }
    }
    return plane;
  });
  // [a, 1, a] correlates neighbours by 2a / (1 + 2a²).
  const a = rho < 1e-6 ? 0 : (1 - Math.sqrt(Math.max(0, 1 - 2 * rho * rho))) / (2 * rho);
  const gain = 1 / Math.sqrt(1 + 2 * a * a);
  const out = new Float32Array(slices * rows * columns);
  for (let i = 0; i < slices; i++) {
    const [below, here, above] = [planes[i]!, planes[i + 1]!, planes[i + 2]!];
    for (let at = 0; at < here.length; at++)
      out[i * here.length + at] = gain * (here[at]! + a * (below[at]! + above[at]!));
  }
  return out;
}
