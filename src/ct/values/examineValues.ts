import type { Volume } from '../grid/volume.js';
import { findChange } from './findChange.js';
import { fitHu } from './fitHu.js';

/** What the distribution of a scan's values looks like. */
export interface ValueFinding {
  /** 'hu': as they should be; others: Hounsfield units that a program has changed. */
  readonly kind: 'hu' | 'shifted' | 'scaled' | 'attenuation' | 'inverted' | 'rescaled';
  /** In words, such as "HU + 1024". */
  readonly looksLike: string;
  /** Slope and intercept that turn the values into HU; null where they cannot be known. */
  readonly rescale: readonly [slope: number, intercept: number] | null;
  /** Where the air or lung is, and where the soft tissue. */
  readonly dark: number;
  readonly soft: number;
}

/**
 * Voxels that are looked at: enough to see a peak of 5 %. Runs of neighbours share a cache line, so that all cost a
 * fraction of a millisecond.
 */
const runs = 256;
const runLength = 16;

/** Smaller images show too little to judge. */
export const leastVoxels = 1000;

/**
 * Examines where the air and the soft tissue of a scan lie, from a sample of its voxels: a CT of the body has a peak of
 * air and lung from -1150 to -650 HU, one of fat and soft tissue from -150 to 150 HU, and little between them. Finds
 * the linear map that moved these peaks; null where the scan does not show both, as in a phantom or a small crop.
 */
export const examineValues = (volume: Pick<Volume, 'voxels' | 'scale' | 'offset'>): ValueFinding | null => {
  const { voxels } = volume;
  if (voxels.length < leastVoxels) return null;
  const values = sortedSample(volume);
  const asIs = fitHu(values, 1, 0);
  const found = asIs === null ? findChange(values) : { kind: 'hu' as const, looksLike: 'HU', rescale: null, ...asIs };
  if (found === null) return null;
  const { score: _, ...finding } = found;
  return finding;
};

const sortedSample = ({ voxels, scale, offset }: Pick<Volume, 'voxels' | 'scale' | 'offset'>): Float64Array => {
  const sample = takeSample(voxels).sort();
  const values = new Float64Array(sample.length);
  for (let k = 0; k < values.length; k++) values[k] = sample[k]! * scale + offset;
  return values;
};

const takeSample = (voxels: Int16Array): Int16Array => {
  if (voxels.length <= runs * runLength) return voxels.slice();
  const sample = new Int16Array(runs * runLength);
  const step = (voxels.length - runLength) / (runs - 1);
  for (let run = 0; run < runs; run++) {
    const from = Math.floor(run * step);
    sample.set(voxels.subarray(from, from + runLength), run * runLength);
  }
  return sample;
};
