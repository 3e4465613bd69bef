import type { Vector3, Volume } from '../../ct/index.js';
import { type AuditFlag, type NoduleToAudit, tolerances } from './auditTypes.js';
import { lungDistance } from './lungDistance.js';
import { isOutsideVolume } from './pointChecks.js';

/** Flags nodules inside the volume without a labelled voxel. */
export function empty(
  volume: Volume,
  nodules: readonly NoduleToAudit[],
  voxels: readonly (readonly number[])[],
): AuditFlag[] {
  return nodules.flatMap(({ center }, nodule): AuditFlag[] =>
    voxels[nodule]!.length > 0 || isOutsideVolume(volume, center)
      ? []
      : [
          {
            check: 'empty',
            severity: 'error',
            nodule,
            message: `No voxel is labelled at slice, row, column ${center.join(', ')}.`,
            figures: { voxels: 0 },
          },
        ],
  );
}

/** Flags a mask whose equivalent diameter is far from the annotated one; null if it is not. */
export function diameter(nodule: number, annotatedMm: number, maskMm: number, spacing: Vector3): AuditFlag | null {
  const ratio = maskMm / annotatedMm;
  const [least, most] = tolerances.diameterRatio;
  if (ratio >= least && ratio <= most) return null;
  if (Math.abs(maskMm - annotatedMm) <= tolerances.diameterVoxels * Math.hypot(...spacing)) return null;
  return {
    check: 'diameter',
    severity: 'warning',
    nodule,
    message:
      `The mask has the volume of a sphere of ${maskMm.toFixed(1)} mm, ` +
      `but the annotated diameter is ${annotatedMm.toFixed(1)} mm (ratio ${ratio.toFixed(2)}).`,
    figures: { maskMm: round(maskMm), annotatedMm: round(annotatedMm), ratio: round(ratio) },
  };
}

/** Distance from the lungs beyond which nothing is measured. */
const FARTHEST_MM = 20;

/** Measures the share of a nodule's voxels outside the lung tolerance, and the largest distance up to FARTHEST_MM. */
export function outsideLung(
  { shape, spacing }: Volume,
  lungs: Uint8Array,
  box: NoduleToAudit['box'],
  voxels: readonly number[],
): { share: number; farthestMm: number } {
  const distance = lungDistance(lungs, shape, spacing!, box, FARTHEST_MM);
  let outside = 0;
  let farthestMm = 0;
  for (const at of voxels) {
    const mm = distance(at);
    if (mm > tolerances.lungMm) outside++;
    farthestMm = Math.max(farthestMm, mm);
  }
  return { share: voxels.length === 0 ? 0 : outside / voxels.length, farthestMm };
}

/** Flags a mask that leaves the lung; null if it does not. A nodule at the pleura stays within the tolerance. */
export function leavesLung(nodule: number, { share, farthestMm }: ReturnType<typeof outsideLung>): AuditFlag | null {
  if (share <= tolerances.lungShare) return null;
  const percent = (100 * share).toFixed(0);
  const farthest = farthestMm >= FARTHEST_MM ? `${FARTHEST_MM} mm or more` : `at most ${farthestMm.toFixed(0)} mm`;
  return {
    check: 'leaves-lung',
    severity: 'error',
    nodule,
    message: `${percent} % of the mask is more than ${tolerances.lungMm} mm from the lungs, ${farthest}.`,
    figures: { shareOutside: round(share), farthestMm: round(farthestMm) },
  };
}

const SIDES = ['slice', 'row', 'column'] as const;

/** Flags a mask that touches the volume's border, along slices only if `alongSlices`; null if it does not. */
export function border(
  nodule: number,
  { shape }: Volume,
  voxels: readonly number[],
  alongSlices: boolean,
): AuditFlag | null {
  const [slices, rows, columns] = shape;
  const touched = new Set<string>();
  for (const at of voxels) {
    const c = at % columns;
    const line = (at - c) / columns;
    const place = [Math.floor(line / rows), line % rows, c];
    for (const axis of [0, 1, 2] as const) {
      if (axis === 0 && !alongSlices) continue;
      if (place[axis] === 0) touched.add(`first ${SIDES[axis]}`);
      if (place[axis] === [slices, rows, columns][axis]! - 1) touched.add(`last ${SIDES[axis]}`);
    }
  }
  if (touched.size === 0) return null;
  const at = [...touched].join(', ');
  return {
    check: 'border',
    severity: 'warning',
    nodule,
    message: `The mask touches the scan's border (${at}): the nodule may continue outside.`,
    figures: { at },
  };
}

/** Rounds to two decimals. */
export const round = (value: number): number => Math.round(value * 100) / 100;
