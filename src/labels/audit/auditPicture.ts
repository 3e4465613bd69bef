import { encode } from 'fast-png';
import type { Index3 } from '../../ct/index.js';
import type { ScanToAudit } from './auditTypes.js';

/** Lung window, black to white. */
const lungWindowHu = [-1350, 150] as const;
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
  const grey = greyOf({ volume, slice });
  const plane = slice * rows * columns;
  const part = { grey, mask: mask.subarray(plane), lungs: lungs?.subarray(plane) ?? null, rows, columns, center };
  const scale = Math.max(1, Math.ceil(Math.max(rows, columns) / sliceSide));
  const half = zoomVoxels / 2;
  const [r, c] = [
    Math.min(rows - 1, Math.max(0, center[1])) - half,
    Math.min(columns - 1, Math.max(0, center[2])) - half,
  ];
  const whole = { top: 0, left: 0, high: rows, wide: columns };
  const around = { top: r, left: c, high: zoomVoxels, wide: zoomVoxels };
  return {
    slice: draw(part, whole, 1 / scale, true),
    plain: draw(part, around, zoomTimes, false),
    edges: draw(part, around, zoomTimes, true),
  };
}

/** 0 … 255; of values that are not HU from the slice's least to its greatest. */
function greyOf({ volume, slice }: { volume: ScanToAudit['volume']; slice: number }): Uint8Array {
  const plane = volume.shape[1] * volume.shape[2];
  const values = volume.voxels.subarray(slice * plane, (slice + 1) * plane);
  let [low, high]: readonly number[] = lungWindowHu;
  if (volume.intensity !== 'hu') {
    [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) {
      low = Math.min(low, value * volume.scale + volume.offset);
      high = Math.max(high, value * volume.scale + volume.offset);
    }
  }
  const range = Math.max(1, high! - low!);
  return Uint8Array.from(values, (value) =>
    Math.min(255, Math.max(0, (255 * (value * volume.scale + volume.offset - low!)) / range)),
  );
}

interface Part {
  grey: Uint8Array;
  mask: Uint8Array;
  lungs: Uint8Array | null;
  rows: number;
  columns: number;
  center: Index3;
}

/** A window of the slice, `zoom` pixels a voxel (or one pixel of several voxels), with thin edges and the point where wanted. */
function draw(
  { grey, mask, lungs, rows, columns, center }: Part,
  { top, left, high, wide }: { top: number; left: number; high: number; wide: number },
  zoom: number,
  edges: boolean,
): Uint8Array {
  const [width, height] = [Math.floor(wide * zoom), Math.floor(high * zoom)];
  const data = new Uint8Array(width * height * 3);
  const voxelOf = (x: number, y: number) => {
    const [r, c] = [top + Math.floor(y / zoom), left + Math.floor(x / zoom)];
    return r < 0 || c < 0 || r >= rows || c >= columns ? -1 : r * columns + c;
  };
  const isEdge = (set: Uint8Array, x: number, y: number, at: number) => {
    if (at < 0 || set[at] === 0) return false;
    return [voxelOf(x - 1, y), voxelOf(x + 1, y), voxelOf(x, y - 1), voxelOf(x, y + 1)].some(
      (next) => next < 0 || set[next] === 0,
    );
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = voxelOf(x, y);
      const value = at < 0 ? 24 : grey[at]!;
      let colour: readonly number[] = [value, value, value];
      if (edges && lungs !== null && isEdge(lungs, x, y, at)) colour = lungColour;
      if (edges && isEdge(mask, x, y, at)) colour = maskColour;
      if (edges && onCross(x - (center[2] - left + 0.5) * zoom, y - (center[1] - top + 0.5) * zoom))
        colour = pointColour;
      data.set(colour, 3 * (y * width + x));
    }
  }
  return encode({ width, height, data, channels: 3, depth: 8 });
}

/** A cross with an open middle, so that what lies at the point stays visible. */
function onCross(dx: number, dy: number): boolean {
  const [x, y] = [Math.abs(dx), Math.abs(dy)];
  return (x < 1 && y > 5 && y < 13) || (y < 1 && x > 5 && x < 13);
}
