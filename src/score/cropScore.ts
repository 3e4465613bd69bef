import { dice } from './dice.js';
import { type MatchedComponent, type MatchedScan, overlapWithNodule, type ScanScore } from './matching.js';

/**
 * Scores a crop around one nodule, in which all of the truth is that nodule: its Dice compares all kept components with
 * all of the truth. Without any truth, the nodule counts as `found` if any component is kept, and each component is
 * false.
 */
export function scoreCrop(
  matched: MatchedScan,
  keep: (component: MatchedComponent) => boolean = () => true,
): ScanScore {
  const kept = matched.components.filter(keep);
  const nodule = matched.nodules[0]!;
  const overlap = overlapWithNodule(matched, kept, 0);
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
