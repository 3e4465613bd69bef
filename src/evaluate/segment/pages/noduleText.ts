import type { Nodule } from '../../../model/index.js';
import { DASH, fixed, plural } from '../../report/formatNumbers.js';

/** Mean of both axes in whole mm, as the Fleischner Society reports sizes (Bankier et al. 2017, Radiology 285:584). */
export function meanAxisMm({ longAxisMm, shortAxisMm }: Nodule): number | null {
  return longAxisMm === null || shortAxisMm === null ? null : Math.round((longAxisMm + shortAxisMm) / 2);
}

/** Both axes: `12.3 × 9.1 mm`. */
export function axesText({ longAxisMm, shortAxisMm }: Nodule): string {
  return longAxisMm === null ? DASH : `${fixed(longAxisMm, 1)} × ${fixed(shortAxisMm, 1)} mm`;
}

/** The volume, or the number of voxels where the spacing is unknown. */
export function volumeText({ volumeMm3, voxels }: Nodule): string {
  if (volumeMm3 === null) return plural(voxels, 'voxel');
  return `${volumeMm3 < 10 ? volumeMm3.toFixed(1) : Math.round(volumeMm3).toLocaleString('en')} mm³`;
}

/** Mean and standard deviation: `−40 ± 120 HU`. */
export function huText({ meanHu, sdHu }: Nodule): string {
  if (meanHu === null) return DASH;
  // Adding 0 turns −0 into 0.
  const mean = String(Math.round(meanHu) + 0).replace('-', '−');
  return sdHu === null ? `${mean} HU` : `${mean} ± ${Math.round(sdHu)} HU`;
}

export function slicesText({ slices: { first, last } }: Nodule): string {
  return first === last ? String(first) : `${first}–${last}`;
}

export function pleuraText({ touchesPleura }: Nodule): string {
  return touchesPleura === null ? 'unknown' : touchesPleura ? 'touching' : 'not touching';
}

/** Number of nodules for a headline: `No nodules`, `1 nodule`. */
export function countText(nodules: number): string {
  return nodules === 0 ? 'No nodules' : plural(nodules, 'nodule');
}

/** The nodule with the largest volume, by voxels so that it works without a spacing; null without nodules. */
export function largestNodule(nodules: readonly Nodule[]): Nodule | null {
  return nodules.reduce<Nodule | null>((best, one) => (best === null || one.voxels > best.voxels ? one : best), null);
}
