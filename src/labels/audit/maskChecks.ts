import type { Vector3, Volume } from '../../ct/index.js';
import { type AuditFlag, type NoduleToAudit, tolerances } from './auditTypes.js';
import { lungDistance } from './lungDistance.js';
import { isOutsideVolume } from './pointChecks.js';

/** Flags nodules within the volume that have no labelled voxel. */
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

/** Diameter of the sphere of as much volume as so many voxels. */
export const equivalentMm = (voxels: number, [sx, sy, sz]: Vector3): number =>
  2 * Math.cbrt((3 * voxels * sx * sy * sz) / (4 * Math.PI));

/** The flag of a mask whose equivalent diameter is far from the annotated one, or null. */
export function diameter(nodule: number, annotatedMm: number, maskMm: number, spacing: Vector3): AuditFlag | null {
  const ratio = maskMm / annotatedMm;
  const [least, most] = tolerances.diameterRatio;
  if (ratio >= least && ratio <= most) return null;
  if (Math.abs(maskMm - annotatedMm) <= tolerances.diameterVoxels * Math.hypot(...spacing)) return null;
  return {
    check: 'diameter',
    severity: 'warning',
    nodule,
    message: `The mask has the volume of a sphere of ${maskMm.toFixed(1)} mm, annotated are ${annotatedMm.toFixed(1)} mm (${ratio.toFixed(2)} times).`,
    figures: { maskMm: round(maskMm), annotatedMm: round(annotatedMm), ratio: round(ratio) },
  };
}

/** Share of a nodule's voxels that lie farther from the lungs than tolerated, and how far the farthest does (at most 20 mm is measured). */
export function outsideLung(
  { shape, spacing }: Volume,
  lungs: Uint8Array,
  box: NoduleToAudit['box'],
  voxels: readonly number[],
): { share: number; farthestMm: number } {
  const mostMm = 20;
  const distance = lungDistance(lungs, shape, spacing!, box, mostMm);
  let outside = 0;
  let farthestMm = 0;
  for (const at of voxels) {
    const mm = distance(at);
    if (mm > tolerances.lungMm) outside++;
    farthestMm = Math.max(farthestMm, mm);
  }
  return { share: voxels.length === 0 ? 0 : outside / voxels.length, farthestMm };
}

/** The flag of a mask that leaves the lung, or null. A nodule at the pleura stays within the tolerance. */
export function leavesLung(nodule: number, { share, farthestMm }: ReturnType<typeof outsideLung>): AuditFlag | null {
  if (share <= tolerances.lungShare) return null;
  return {
    check: 'leaves-lung',
    severity: 'error',
    nodule,
    message: `${(100 * share).toFixed(0)} % of the mask lies more than ${tolerances.lungMm} mm from the lungs, ${farthestMm >= 20 ? '20 mm or more' : `up to ${farthestMm.toFixed(0)} mm`}.`,
    figures: { shareOutside: round(share), farthestMm: round(farthestMm) },
  };
}

const sides = ['slice', 'row', 'column'] as const;

/** The flag of a mask that touches the volume's border, or null; along slices only where `alongSlices`. */
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
      if (place[axis] === 0) touched.add(`first ${sides[axis]}`);
      if (place[axis] === [slices, rows, columns][axis]! - 1) touched.add(`last ${sides[axis]}`);
    }
  }
  if (touched.size === 0) return null;
  const at = [...touched].join(', ');
  return {
    check: 'border',
    severity: 'warning',
    nodule,
    message: `The mask touches the scan's border (${at}): the nodule may go on outside.`,
    figures: { at },
  };
}

export const round = (value: number): number => Math.round(value * 100) / 100;
