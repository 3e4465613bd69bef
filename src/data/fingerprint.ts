import { storedValue, upperMedian, type Volume } from '../ct/index.js';
import type { Dataset } from './dataset.js';
import type { LabelledScan } from './labelling/labelledScan.js';
import { noduleDiameter } from './labelling/sizeClasses.js';

/** Minimum, upper median and maximum of a figure over the sampled scans. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Figures of a data set, from its list of scans and a sample of them, read and labelled. */
export interface Fingerprint {
  readonly kind: Dataset['kind'];
  readonly scans: number;
  /** Number of patients; null if the patient of any scan is unknown. */
  readonly patients: number | null;
  /** Number of series that the annotations name but that are not on disk. */
  readonly missing: number;
  /** UIDs of the scans that were read, evenly spread over the list. */
  readonly sampled: readonly string[];
  readonly slices: Spread;
  readonly rows: Spread;
  readonly columns: Spread;
  /** mm along x, y and z over the scans whose spacing is known; null if there is none. */
  readonly spacing: readonly [Spread, Spread, Spread] | null;
  readonly intensity: Volume['intensity'];
  /** Percentiles 0.5, 50 and 99.5 of the voxel values. */
  readonly values: readonly [number, number, number];
  /** Number of nodules in the sampled scans. */
  readonly nodules: number;
  /** Of these, nodules without a labelled voxel, because too few readers agree. */
  readonly emptyNodules: number;
  /** Annotated diameter in mm, else that of a ball of the same volume; null without nodules or spacing. */
  readonly diameterMm: Spread | null;
  /** Mean number of slices that show a nodule. */
  readonly slicesPerNodule: number;
  /** Share of slices without a nodule. */
  readonly emptySlices: number;
  /** Voxels per scan. */
  readonly voxels: { readonly mean: number; readonly max: number };
  /** Mean time to read and label a scan on one thread, in seconds. */
  readonly secondsPerScan: number;
}

const spread = (values: readonly number[]): Spread => ({
  min: Math.min(...values),
  median: upperMedian(Float64Array.from(values))!,
  max: Math.max(...values),
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Number of voxels sampled from each scan for the percentiles. */
const VALUES_PER_SCAN = 20_000;

/**
 * Describes a data set: reads and labels at most `sample` scans, evenly spread over the list, one at a time, and counts
 * the rest.
 * @throws NoduleTrainError what `dataset.load` throws
 */
export async function fingerprint(
  dataset: Dataset,
  sample: number,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Fingerprint> {
  const { scans } = dataset;
  const count = Math.min(sample, scans.length);
  const sampled = Array.from({ length: count }, (_, i) => scans[Math.floor((i * scans.length) / count)]!.uid);
  const figures: ScanFigures[] = [];
  for (const uid of sampled) {
    const start = performance.now();
    const scan = await dataset.load(uid);
    figures.push(measureScan(scan, (performance.now() - start) / 1000));
    onProgress(figures.length, count);
  }
  const patients = scans.map(({ patient }) => patient);
  const values = Float64Array.from(figures.flatMap((scan) => scan.values)).sort();
  const spacings = figures.flatMap(({ spacing }) => (spacing === null ? [] : [spacing]));
  const nodules = figures.flatMap((scan) => scan.nodules);
  const diameters = nodules.flatMap(({ diameterMm }) => (diameterMm === null ? [] : [diameterMm]));
  const slices = figures.map(({ shape }) => shape[0]);
  const along = (axis: 0 | 1 | 2) => spread(spacings.map((spacing) => spacing[axis]));
  const below = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
  return {
    kind: dataset.kind,
    scans: scans.length,
    patients: patients.includes(null) ? null : new Set(patients).size,
    missing: dataset.missing,
    sampled,
    slices: spread(slices),
    rows: spread(figures.map(({ shape }) => shape[1])),
    columns: spread(figures.map(({ shape }) => shape[2])),
    spacing: spacings.length === 0 ? null : [along(0), along(1), along(2)],
    intensity: figures[0]!.intensity,
    values: [below(0.005), below(0.5), below(0.995)],
    nodules: nodules.length,
    emptyNodules: nodules.filter(({ slices }) => slices === 0).length,
    diameterMm: diameters.length === 0 ? null : spread(diameters),
    slicesPerNodule: nodules.length === 0 ? 0 : mean(nodules.map((nodule) => nodule.slices)),
    emptySlices: 1 - mean(figures.map(({ labelledSlices }) => labelledSlices)) / mean(slices),
    voxels: {
      mean: mean(figures.map(({ shape }) => shape[0] * shape[1] * shape[2])),
      max: Math.max(...figures.map(({ shape }) => shape[0] * shape[1] * shape[2])),
    },
    secondsPerScan: mean(figures.map(({ seconds }) => seconds)),
  };
}

type ScanFigures = ReturnType<typeof measureScan>;

function measureScan({ volume, mask, nodules }: LabelledScan, seconds: number) {
  const { voxels, shape, spacing, intensity, scale, offset } = volume;
  const plane = shape[1] * shape[2];
  const labelled = Array.from({ length: shape[0] }, (_, i) => mask.subarray(i * plane, (i + 1) * plane).includes(1));
  // Some scanners store -2048 outside the reconstruction circle, which would distort the percentiles.
  const dark = intensity === 'hu' ? storedValue(volume, -1500) : Number.NEGATIVE_INFINITY;
  const step = Math.max(1, Math.floor(voxels.length / VALUES_PER_SCAN));
  const values: number[] = [];
  for (let at = 0; at < voxels.length; at += step) if (voxels[at]! > dark) values.push(voxels[at]! * scale + offset);
  return {
    seconds,
    shape,
    spacing,
    intensity,
    values,
    labelledSlices: labelled.filter(Boolean).length,
    nodules: nodules.map((nodule) => ({
      diameterMm:
        nodule.diameterMm ?? (spacing === null || nodule.voxels === 0 ? null : noduleDiameter(nodule, volume)),
      slices: nodule.slices.length,
    })),
  };
}
