import { greySlice, outlinePicture } from '../../ct/index.js';
import type { ScanToAudit } from './auditTypes.js';

const MASK_COLOUR = [255, 176, 0] as const;
const LUNG_COLOUR = [0, 190, 190] as const;
const POINT_COLOUR = [255, 60, 110] as const;

/** Legend of the colours. */
export const auditLegend = 'amber: mask edge; teal: edge of the closed lung mask; pink: annotated point';

/** PNG files of one nodule: its slice, and the enlarged surroundings of its point without and with the mask edges. */
export interface AuditPictures {
  readonly slice: Uint8Array;
  readonly plain: Uint8Array;
  readonly edges: Uint8Array;
}

/** Longest side of the whole slice in pixels. */
const SLICE_SIDE = 320;
/** Side of the enlarged detail in voxels, and pixels per voxel. */
const ZOOM_VOXELS = 56;
const ZOOM_TIMES = 5;

/**
 * Draws one nodule in the slice of its point, or in the nearest slice of the volume if the point is outside.
 * @param lungs lung mask `[slices, rows, columns]`; null if no lungs were found
 */
export function auditPictures(
  { volume, mask, nodules }: ScanToAudit,
  nodule: number,
  lungs: Uint8Array | null,
): AuditPictures {
  const { center } = nodules[nodule]!;
  const [slices, rows, columns] = volume.shape;
  const slice = Math.min(slices - 1, Math.max(0, center[0]));
  const grey = greySlice(volume, slice);
  const plane = slice * rows * columns;
  const plain = { grey, rows, columns };
  const outlines = [
    ...(lungs === null ? [] : [{ set: lungs.subarray(plane), colour: LUNG_COLOUR }]),
    { set: mask.subarray(plane), colour: MASK_COLOUR },
  ];
  const marked = { ...plain, outlines, cross: { row: center[1], column: center[2], colour: POINT_COLOUR } };
  const scale = Math.max(1, Math.ceil(Math.max(rows, columns) / SLICE_SIDE));
  const half = ZOOM_VOXELS / 2;
  const [r, c] = [
    Math.min(rows - 1, Math.max(0, center[1])) - half,
    Math.min(columns - 1, Math.max(0, center[2])) - half,
  ];
  const whole = { top: 0, left: 0, high: rows, wide: columns };
  const around = { top: r, left: c, high: ZOOM_VOXELS, wide: ZOOM_VOXELS };
  return {
    slice: outlinePicture(marked, whole, 1 / scale),
    plain: outlinePicture(plain, around, ZOOM_TIMES),
    edges: outlinePicture(marked, around, ZOOM_TIMES),
  };
}
