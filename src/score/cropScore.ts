import { dice } from './dice.js';
import type { MatchedComponent, MatchedScan, ScanScore } from './matching.js';

/**
 * Scores a crop around one nodule, where the case as a whole is the nodule: its Dice is that of all kept components against all of the
 * truth. Without any truth the nodule counts as `found` where anything is left, and each component is false.
 */
export function scoreCrop(
  { nodules, truthVoxels, components }: MatchedScan,
  keep: (component: MatchedComponent) => boolean = () => true,
): ScanScore {
  const kept = components.filter(keep);
  const nodule = nodules[0]!;
  const sum = (of: (component: MatchedComponent) => number) => kept.reduce((total, each) => total + of(each), 0);
  const overlap = {
    shared: sum(({ shared }) => shared.get(0) ?? 0),
    predicted: sum(({ voxels }) => voxels),
    truth: truthVoxels[0]!,
  };
  const agreed = overlap.truth > 0;
  const hit = ({ hits, shared }: MatchedComponent) => agreed && (hits.length > 0 || shared.has(0));
  return {
    nodules: [{ nodule, found: agreed ? kept.some(hit) : kept.length > 0, dice: dice(overlap) ?? 0, overlap }],
    falseComponents: kept.filter((component) => !hit(component)).length,
    predictedComponents: kept.length,
    overlap,
    oneNodule: true,
  };
}
