import { type Index3, nearestIndex, type Volume, type WorldLPS } from '../../ct/index.js';
import {
  type Annotation,
  findDuplicates,
  impossibleSize,
  type LabelRule,
  type LostFate,
  type ScanTruth,
} from '../../labels/index.js';
import { UNKNOWN_DIAMETER_MM } from './aroundTruth.js';
import type { Finding, LostNodule } from './labelledScan.js';

/** Collects the annotations of a scan that give no nodule. */
export interface LostNodules {
  /** In the order of the annotations. */
  list(): LostNodule[];
  add(annotation: Annotation, fate: LostFate): void;
  /** Index of an annotation among those of the scan; -1 for one made from voxels. */
  indexOf(annotation: Annotation): number;
}

/** Voxel nearest to a point, without the minus of a zero, which JSON does not keep. */
export const voxelAt = (volume: Volume, point: WorldLPS): Index3 =>
  nearestIndex(volume, point).map((place) => place + 0) as unknown as Index3;

export function collectLost(volume: Volume, { annotations }: Pick<ScanTruth, 'annotations'>): LostNodules {
  const indices = new Map(annotations.map((annotation, n) => [annotation, n]));
  const indexOf = (annotation: Annotation) => indices.get(annotation) ?? -1;
  const found: LostNodule[] = [];
  return {
    indexOf,
    list: () => found.sort((a, b) => a.annotation - b.annotation),
    add: (annotation, fate) => {
      const { center: centerLps, diameterMm } = annotation;
      const center = voxelAt(volume, centerLps);
      found.push({ ...fate, annotation: indexOf(annotation), center, centerLps, diameterMm });
    },
  };
}

/** Returns the annotations that the rule is to label; the others are added to `lost`. */
export function usableAnnotations(
  volume: Volume,
  truth: ScanTruth,
  rule: LabelRule,
  lost: LostNodules,
): readonly Annotation[] {
  const sized = truth.annotations.filter((annotation) => {
    const reason = rule.fromPoints(truth) ? impossibleSize(volume, annotation) : null;
    if (reason !== null) lost.add(annotation, { fate: 'size', reason });
    return reason === null;
  });
  const duplicates = findDuplicates(volume, sized);
  return sized.filter((annotation, n) => {
    const twin = duplicates.get(n);
    if (twin === undefined) return true;
    const point = sized[twin.of]!.center.map((place) => Number(place.toFixed(2))).join(', ');
    const apart = twin.distanceMm < 0.005 ? 'the same point' : `${twin.distanceMm.toFixed(2)} mm away`;
    lost.add(annotation, { fate: 'duplicate', reason: `It repeats the annotation at ${point} (${apart}).` });
    return false;
  });
}

/**
 * Converts a lost annotation to a finding to ignore; null if nothing is lost at its place, because it is outside the
 * volume or another annotation is used there.
 */
export function lostFinding({ fate, center, diameterMm }: LostNodule): Finding | null {
  if (fate !== 'no-voxel' && fate !== 'size') return null;
  return { center, diameterMm: fate === 'size' ? UNKNOWN_DIAMETER_MM : (diameterMm ?? UNKNOWN_DIAMETER_MM) };
}
