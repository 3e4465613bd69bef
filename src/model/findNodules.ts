import { indexIRC, indexToWorld, type Volume, type WorldLPS } from '../ct/index.js';
import { candidatesAbove, isNodule, type OperatingPoint } from '../score/index.js';

/** One predicted nodule of a scan. */
export interface FoundNodule {
  /** Its number in `labels`, from 1. */
  label: number;
  /** Mean probability over its voxels, 0…1. */
  score: number;
  voxels: number;
  /** Null if the spacing is unknown. */
  volumeMm3: number | null;
  /** Mean of its voxels' indices: slice, row, column. */
  centerIrc: readonly [number, number, number];
  /** The same place in millimetres, LPS. */
  center: WorldLPS;
  /** First and last index, both inside: slice, row, column. */
  box: { low: readonly [number, number, number]; high: readonly [number, number, number] };
}

export interface ScanNodules {
  /** 0 background, else the nodule's number; `[slices, rows, columns]`. */
  labels: Int32Array;
  nodules: FoundNodule[];
}

/** Returns the nodules of a scan at an operating point, the most confident first. */
export function findNodules(volume: Volume, probabilities: Float32Array, point: OperatingPoint): ScanNodules {
  const { labels, components } = candidatesAbove(probabilities, volume.shape, point.threshold);
  const voxelMm3 = volume.spacing ? volume.spacing[0] * volume.spacing[1] * volume.spacing[2] : null;
  const kept = components
    .filter((candidate) => isNodule(candidate, point))
    .sort((a, b) => b.score - a.score || b.voxels - a.voxels);
  const renumber = new Int32Array(components.length + 1);
  const nodules = kept.map(({ label, score, voxels, centerIRC, low, high }, rank): FoundNodule => {
    renumber[label] = rank + 1;
    return {
      label: rank + 1,
      score,
      voxels,
      volumeMm3: voxelMm3 === null ? null : voxels * voxelMm3,
      centerIrc: centerIRC,
      center: indexToWorld(volume, indexIRC(...centerIRC)),
      box: { low, high },
    };
  });
  for (let i = 0; i < labels.length; i++) labels[i] = renumber[labels[i]!]!;
  return { labels, nodules };
}
