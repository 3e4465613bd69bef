import { greySlice, outlinePicture } from '../../ct/index.js';
import type { ScanToAudit } from './auditTypes.js';

const maskColour = [255, 176, 0] as const;
const lungColour = [0, 190, 190] as const;
const pointColour = [255, 60, 110] as const;

/** What the colours are, for people. */
export const auditLegend = 'amber: edge of the mask; teal: edge of the lungs (closed); pink: annotated point';

/** The slice of a nodule, and around its point enlarged without and with the edges; each a PNG file. */
export interface AuditPictures {
  readonly slice: Uint8Array;
  readonly plain: Uint8Array;
  readonly edges: Uint8Array;
}

const sliceSide = 320;
const zoomVoxels = 56;
const zoomTimes = 5;

/**
 * Pictures of one nodule in the slice of its point, or the nearest slice of its mask's box where the point is outside the volume.
 * @param lungs the lungs' mask; null: none was found
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
    ...(lungs === null ? [] : [{ set: lungs.subarray(plane), colour: lungColour }]),
    { set: mask.subarray(plane), colour: maskColour },
  ];
  const marked = { ...plain, outlines, cross: { row: center[1], column: center[2], colour: pointColour } };
  const scale = Math.max(1, Math.ceil(Math.max(rows, columns) / sliceSide));
  const half = zoomVoxels / 2;
  const [r, c] = [
    Math.min(rows - 1, Math.max(0, center[1])) - half,
    Math.min(columns - 1, Math.max(0, center[2])) - half,
  ];
  const whole = { top: 0, left: 0, high: rows, wide: columns };
  const around = { top: r, left: c, high: zoomVoxels, wide: zoomVoxels };
  return {
    slice: outlinePicture(marked, whole, 1 / scale),
    plain: outlinePicture(plain, around, zoomTimes),
    edges: outlinePicture(marked, around, zoomTimes),
  };
}
