import { median, type Vector3, type Volume } from '../../ct/index.js';

/** Point spread beyond the voxel itself. */
export interface ScanBlur {
  /** Standard deviation in the slice and along z, in mm. */
  planeMm: number;
  acrossMm: number;
  /** Number of edges measured in the slice and along z; too few, and the default was used. */
  planeEdges: number;
  acrossEdges: number;
}

/** Used where a scan shows too few straight edges: the values of the phantoms' scanner. */
const DEFAULT_PLANE_MM = 0.45;
const DEFAULT_ACROSS_SLICES = 0.35;
const FEWEST_EDGES = 40;
/** Sharp structures do not need more; what is wider is anatomy. */
const WIDEST_PLANE_MM = 1.2;
const WIDEST_ACROSS_SLICES = 0.8;

/**
 * Measures the blur of a scan at its own edges between lung and soft tissue, from their edge spread functions (Judy
 * 1976, doi:10.1118/1.594283; on patients, Sanders 2016, doi:10.1118/1.4961984).
 *
 * Where a line crosses an edge at a right angle, the step between the two voxels on either side of it, as a share of
 * the whole step, falls with the blur: `stepShare`. The median over all edges is not moved by noise, whose mean is 0.
 */
export function measureBlur(volume: Volume, lungs: Uint8Array, spacing: Vector3): ScanBlur {
  const [, rows, columns] = volume.shape;
  const strides: Vector3 = [1, columns, rows * columns];
  const plane = ([0, 1] as const).map((axis) => edgeSteps(volume, lungs, strides, spacing, axis));
  const across = edgeSteps(volume, lungs, strides, spacing, 2);
  const sigma = (steps: readonly number[], mm: number) =>
    steps.length < FEWEST_EDGES ? null : mm * blurOfStep(median(Float64Array.from(steps))!);
  const found = plane.map((steps, axis) => sigma(steps, spacing[axis]!)).filter((mm) => mm !== null);
  const mean = found.reduce((sum, mm) => sum + mm, 0) / Math.max(1, found.length);
  return {
    planeMm: found.length === 0 ? DEFAULT_PLANE_MM : Math.min(WIDEST_PLANE_MM, mean),
    acrossMm: Math.min(WIDEST_ACROSS_SLICES, sigma(across, 1) ?? DEFAULT_ACROSS_SLICES) * spacing[2],
    planeEdges: plane.reduce((sum, { length }) => sum + length, 0),
    acrossEdges: across.length,
  };
}

/**
 * Standard deviation of a Gaussian blur, in voxels, that gives edges at all places between two voxels this mean step;
 * 0 where they are as sharp as voxels allow.
 */
function blurOfStep(step: number): number {
  let [low, high] = [0, 3];
  for (let pass = 0; pass < 30; pass++) {
    const middle = (low + high) / 2;
    if (stepShare(middle) > step) low = middle;
    else high = middle;
  }
  return low;
}

/** Mean step between two voxels, as a share of the whole, of edges between their centres with this blur. */
function stepShare(sigma: number): number {
  const [places, samples] = [16, 16];
  let sum = 0;
  for (let n = 0; n < places; n++) {
    for (let k = 0; k < samples; k++) {
      // A voxel is the mean of its samples.
      const from = (n + 0.5) / places - (k + 0.5) / samples + 0.5;
      sum += normal((1 - from) / sigma) - normal(-from / sigma);
    }
  }
  return sum / (places * samples);
}

/** Distribution function of the normal distribution, by a logistic function (error below 0.01). */
const normal = (x: number): number => 1 / (1 + Math.exp(-1.702 * x));

/** Plateaus of an edge in HU. */
const LUNG = [-980, -700] as const;
const TISSUE = [-60, 160] as const;
/** Smallest share of the gradient along the line. */
const STRAIGHT = 0.97;

/** Steps, as shares of the whole, at the edges that lines along one axis cross at a right angle. */
function edgeSteps(
  { voxels, shape, scale, offset }: Volume,
  lungs: Uint8Array,
  strides: Vector3,
  spacing: Vector3,
  axis: 0 | 1 | 2,
): number[] {
  const found: number[] = [];
  const hu = (at: number) => voxels[at]! * scale + offset;
  const [stride, step] = [strides[axis], spacing[axis]];
  const half = Math.max(3, Math.ceil(3 / step));
  const length = shape[2 - axis]!;
  const lengths = [shape[2], shape[1], shape[0]] as const;
  // Far apart enough that neighbouring lines do not count one edge many times.
  const others = ([0, 1, 2] as const).filter((other) => other !== axis);
  const [first, second] = others as [0 | 1 | 2, 0 | 1 | 2];
  const skip = (other: 0 | 1 | 2) => (other === 2 ? 1 : 3);
  for (let u = 2; u < lengths[first] - 2; u += skip(first)) {
    for (let v = 1; v < lengths[second] - 1; v += skip(second)) {
      const line = u * strides[first] + v * strides[second];
      for (let k = half; k < length - half - 1; k++) {
        const at = line + k * stride;
        if (lungs[at] === lungs[at + stride]) continue;
        // From lung to tissue, whichever way the line runs.
        const turn = lungs[at] === 1 ? stride : -stride;
        const from = lungs[at] === 1 ? at : at + stride;
        const dark = (hu(from - half * turn) + hu(from - (half - 1) * turn)) / 2;
        const bright = (hu(from + half * turn) + hu(from + (half + 1) * turn)) / 2;
        if (dark < LUNG[0] || dark > LUNG[1] || bright < TISSUE[0] || bright > TISSUE[1]) continue;
        const slope = (other: 0 | 1 | 2) =>
          (hu(from + strides[other]) -
            hu(from - strides[other]) +
            hu(from + turn + strides[other]) -
            hu(from + turn - strides[other])) /
          (4 * spacing[other]);
        const along = (hu(from + turn) - hu(from)) / step;
        if (along < STRAIGHT * Math.hypot(along, slope(first), slope(second))) continue;
        found.push((hu(from + turn) - hu(from)) / (bright - dark));
      }
    }
  }
  return found;
}
