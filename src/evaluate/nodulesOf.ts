import { indexIRC, indexToWorld, type Volume, type WorldLPS } from '../ct/index.js';
import { connectedComponents } from '../score/index.js';
import type { OperatingPoint } from './operatingPoint.js';

/** One predicted nodule of a scan. */
export interface FoundNodule {
  /** Its number in `labels`, from 1. */
  label: number;
  /** Mean probability over its voxels, 0…1. */
  score: number;
  voxels: number;
  /** Null where the file does not know the spacing. */
  volumeMm3: number | null;
  /** Mean of its voxels' indices: slice, row, column. */
  centerIrc: readonly [number, number, number];
  /** The same place in millimetres, LPS. */
  center: WorldLPS;
  /** First and last voxel, both inside: slice, row, column. */
  box: { low: readonly [number, number, number]; high: readonly [number, number, number] };
}

export interface ScanNodules {
  /** 0 background, else the nodule's number; `[slices, rows, columns]`. */
  labels: Int32Array;
  nodules: FoundNodule[];
}

/** Cuts probabilities at the threshold and makes every 26-connected component of at least `minimumVoxels` a nodule, the surest first. */
export function nodulesOf(volume: Volume, probabilities: Float32Array, point: OperatingPoint): ScanNodules {
  const mask = new Uint8Array(probabilities.length);
  for (let i = 0; i < mask.length; i++) mask[i] = (probabilities[i] as number) > point.threshold ? 1 : 0;
  const { labels, components } = connectedComponents(mask, volume.shape, 26);
  const sums = new Float64Array(components.length + 1);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label > 0) sums[label] = (sums[label] as number) + (probabilities[i] as number);
  }
  const voxelMm3 = volume.spacing ? volume.spacing[0] * volume.spacing[1] * volume.spacing[2] : null;
  const kept = components
    .filter(({ voxels }) => voxels >= point.minimumVoxels)
    .map((component) => ({ component, score: (sums[component.label] as number) / component.voxels }))
    .sort((a, b) => b.score - a.score || b.component.voxels - a.component.voxels);
  const renumber = new Int32Array(components.length + 1);
  const nodules = kept.map(({ component, score }, rank): FoundNodule => {
    renumber[component.label] = rank + 1;
    const [i, r, c] = component.centerIRC;
    return {
      label: rank + 1,
      score,
      voxels: component.voxels,
      volumeMm3: voxelMm3 === null ? null : component.voxels * voxelMm3,
      centerIrc: [i, r, c],
      center: indexToWorld(volume, indexIRC(i, r, c)),
      box: { low: component.low, high: component.high },
    };
  });
  for (let i = 0; i < labels.length; i++) labels[i] = renumber[labels[i] as number] as number;
  return { labels, nodules };
}
