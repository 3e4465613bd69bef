import type { BaselinePoint, BaselineScan } from '../score/index.js';
import type { Hits } from './figures.js';

/** Finds the nodules of a scan by the threshold baseline at an operating point. */
export function baselineHits({ nodules, candidates }: BaselineScan, { cutHu, diameterMm }: BaselinePoint): Hits {
  const [least, most] = diameterMm;
  const kept = (candidates.get(cutHu) ?? []).filter((each) => each.diameterMm >= least && each.diameterMm <= most);
  const found = new Set(kept.flatMap((each) => each.nodules));
  return {
    nodules: Array.from({ length: nodules }, (_, nodule) => ({ found: found.has(nodule) })),
    falseComponents: kept.filter((each) => each.nodules.length === 0).length,
  };
}
