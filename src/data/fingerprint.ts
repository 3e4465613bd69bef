import { storedValue, type Volume } from '../ct/index.js';
import type { Dataset } from './dataset.js';
import type { LabelledScan } from './labelling/labelledScan.js';

/** Smallest, middle and largest of a figure over the sampled scans. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** What a data set is like, from its list of scans and a few of them read and labelled. */
export interface Fingerprint {
  readonly kind: Dataset['kind'];
  readonly scans: number;
  /** Scans whose patients are known, counted once each; null where they are not. */
  readonly patients: number | null;
  /** Series that the annotations name and that are not on disk. */
  readonly missing: number;
  /** Series of the scans that were read, evenly spread over the list. */
  readonly sampled: readonly string[];
  readonly slices: Spread;
  readonly rows: Spread;
  readonly columns: Spread;
  /** mm along x, y and z, of the scans that know it; null where none does. */
  readonly spacing: readonly [Spread, Spread, Spread] | null;
  readonly intensity: Volume['intensity'];
  /** Values that 0.5, 50 and 99.5 % of the voxels do not exceed. */
  readonly values: readonly [number, number, number];
  /** In the sampled scans. */
  readonly nodules: number;
  /** Nodules of which the truth has no voxel. */
  readonly emptyNodules: number;
  /** mm, annotated or of a ball of as many voxels; null where there is no nodule or no spacing. */
  readonly diameterMm: Spread | null;
  /** Slices that show each nodule, on average. */
  readonly slicesPerNodule: number;
  /** Share of slices without a nodule. */
  readonly emptySlices: number;
  /** Voxels of a scan: the mean and the most. */
  readonly voxels: { readonly mean: number; readonly max: number };
  /** Seconds to read and label a scan, on average, on one thread. */
  readonly secondsPerScan: number;
}

const spread = (values: readonly number[]): Spread => {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0]!, median: sorted[sorted.length >> 1]!, max: sorted.at(-1)! };
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of each scan so many voxels are looked at. */
const valuesPerScan = 20_000;

/**
 * Reads and labels at most `sample` scans, evenly spread over the list, one at a time; everything else is counted.
 * Throws what reading and labelling throw.
 */
export async function fingerprint(
  dataset: Dataset,
  sample: number,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<Fingerprint> {
  const { scans } = dataset;
  const count = Math.min(sample, scans.length);
  const sampled = Array.from({ length: count }, (_, i) => scans[Math.floor((i * scans.length) / count)]!.uid);
  const looks: Look[] = [];
  for (const uid of sampled) {
    const start = performance.now();
    const scan = await dataset.load(uid);
    looks.push(lookAt(scan, (performance.now() - start) / 1000));
    onProgress(looks.length, count);
  }
  const patients = scans.map(({ patient }) => patient);
  const values = Float64Array.from(looks.flatMap((look) => look.values)).sort();
  const spacings = looks.flatMap(({ spacing }) => (spacing === null ? [] : [spacing]));
  const nodules = looks.flatMap((look) => look.nodules);
  const diameters = nodules.flatMap(({ diameterMm }) => (diameterMm === null ? [] : [diameterMm]));
  const slices = looks.map(({ shape }) => shape[0]);
  const along = (axis: 0 | 1 | 2) => spread(spacings.map((spacing) => spacing[axis]));
  const below = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
  return {
    kind: dataset.kind,
    scans: scans.length,
    patients: patients.includes(null) ? null : new Set(patients).size,
    missing: dataset.missing,
    sampled,
    slices: spread(slices),
    rows: spread(looks.map(({ shape }) => shape[1])),
    columns: spread(looks.map(({ shape }) => shape[2])),
    spacing: spacings.length === 0 ? null : [along(0), along(1), along(2)],
    intensity: looks[0]!.intensity,
    values: [below(0.005), below(0.5), below(0.995)],
    nodules: nodules.length,
    emptyNodules: nodules.filter(({ slices }) => slices === 0).length,
    diameterMm: diameters.length === 0 ? null : spread(diameters),
    slicesPerNodule: nodules.length === 0 ? 0 : mean(nodules.map((nodule) => nodule.slices)),
    emptySlices: 1 - mean(looks.map(({ labelledSlices }) => labelledSlices)) / mean(slices),
    voxels: {
      mean: mean(looks.map(({ shape }) => shape[0] * shape[1] * shape[2])),
      max: Math.max(...looks.map(({ shape }) => shape[0] * shape[1] * shape[2])),
    },
    secondsPerScan: mean(looks.map(({ seconds }) => seconds)),
  };
}

type Look = ReturnType<typeof lookAt>;

function lookAt({ volume, mask, nodules }: LabelledScan, seconds: number) {
  const { voxels, shape, spacing, intensity, scale, offset } = volume;
  const plane = shape[1] * shape[2];
  const labelled = Array.from({ length: shape[0] }, (_, i) => mask.subarray(i * plane, (i + 1) * plane).includes(1));
  // Outside the scanner's circle some files have -2048, which says nothing of the scan.
  const dark = intensity === 'hu' ? storedValue(volume, -1500) : Number.NEGATIVE_INFINITY;
  const step = Math.max(1, Math.floor(voxels.length / valuesPerScan));
  const values: number[] = [];
  for (let at = 0; at < voxels.length; at += step) if (voxels[at]! > dark) values.push(voxels[at]! * scale + offset);
  const ballMm = (count: number) =>
    spacing === null || count === 0 ? null : Math.cbrt((6 * count * spacing[0] * spacing[1] * spacing[2]) / Math.PI);
  return {
    seconds,
    shape,
    spacing,
    intensity,
    values,
    labelledSlices: labelled.filter(Boolean).length,
    nodules: nodules.map((nodule) => ({
      diameterMm: nodule.diameterMm ?? ballMm(nodule.voxels),
      slices: nodule.slices.length,
    })),
  };
}
