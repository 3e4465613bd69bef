import type { BaselinePoint, BaselineScan } from '../score/index.js';
import type { Hits } from './figures.js';

/** What the rule without learning finds in a scan at its point. */
export function baselineHits({ nodules, candidates }: BaselineScan, { cutHu, diameterMm }: BaselinePoint): Hits {
  const [least, most] = diameterMm;
  const kept = (candidates.get(cutHu) ?? []).filter((each) => each.diameterMm >= least && each.diameterMm <= most);
  const found = new Set(kept.flatMap((each) => each.nodules));
  return {
    nodules: Array.from({ length: nodules }, (_, nodule) => ({ found: found.has(nodule) })),
    falseComponents: kept.filter((each) => each.nodules.length === 0).length,
  };
}
