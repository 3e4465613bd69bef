import { z } from 'zod';
import { bodyInSlice, lungMask, type SliceBox, type Volume } from '../../ct/index.js';

export const scanOptionsSchema = z.strictObject({
  region: z
    .enum(['lungs', 'body', 'all'])
    .default('lungs')
    .describe(
      'part of a scan that the network sees: lungs, body, or all; elsewhere the probability is 0. ' +
        'Where no lungs are found, all of it',
    ),
});

export type RegionKind = z.output<typeof scanOptionsSchema>['region'];

/** The part of a scan for which probabilities are computed; elsewhere they are 0. */
export interface ScanRegion {
  /** What is run; `all` also where lungs or body were requested and not found. */
  kind: RegionKind;
  /** For each slice the part that is run, null for none. */
  boxes: readonly (SliceBox | null)[];
  /** `[slices, rows, columns]`, 1 inside; null where no lungs were found or nobody asked for them. */
  lungs: Uint8Array | null;
  /** Why the region is not the requested one. */
  notes: readonly string[];
}

/**
 * Distance around the lungs, within slices and across them, that is run as well. The lung mask fills bays of up to
 * 20 mm, so a nodule at the pleura reaches beyond it by a part of its own size only; this leaves room for its border
 * and for slices in which it hides all air.
 */
const LUNG_MARGIN_MM = 10;

/**
 * Chooses the part of a scan to run: for each slice the bounding box of the lungs of the slices within 10 mm, extended
 * by 10 mm, or the bounding box of the body in it. The result does not depend on batches or devices.
 *
 * @param wanted `all` needs no mask; `lungs` in `masks` also computes the lungs where they do not limit the region
 */
export function chooseScanRegion(volume: Volume, wanted: RegionKind, { lungs: asked = false } = {}): ScanRegion {
  const whole = (notes: string[], lungs: Uint8Array | null = null): ScanRegion => {
    const [slices, height, width] = volume.shape;
    return {
      kind: 'all',
      boxes: Array.from({ length: slices }, () => ({ top: 0, left: 0, height, width })),
      lungs,
      notes,
    };
  };
  if (wanted === 'all' && !asked) return whole([]);
  const missing =
    volume.intensity !== 'hu'
      ? 'its intensities are not HU'
      : volume.spacing === null
        ? 'its spacing is unknown'
        : null;
  if (missing !== null)
    return whole(
      wanted === 'all' ? [] : [`The whole scan was run: its ${wanted} cannot be found, because ${missing}.`],
    );
  const lungs = wanted === 'lungs' || asked ? findLungs(volume) : null;
  if (wanted === 'all') return whole([], lungs);
  const boxes = wanted === 'lungs' ? (lungs === null ? null : lungBoxes(volume, lungs)) : bodyBoxes(volume);
  if (boxes === null || boxes.every((box) => box === null))
    return whole([`The whole scan was run: no ${wanted === 'lungs' ? 'lungs were' : 'body was'} found in it.`], lungs);
  return { kind: wanted, boxes, lungs, notes: [] };
}

function findLungs(volume: Volume): Uint8Array | null {
  const lungs = lungMask(volume);
  return lungs.includes(1) ? lungs : null;
}

function lungBoxes({ shape: [slices, rows, columns], spacing }: Volume, lungs: Uint8Array): (SliceBox | null)[] {
  const [sx, sy, sz] = spacing!;
  const size = rows * columns;
  const tight = Array.from({ length: slices }, (_, slice) =>
    boundingBox(lungs.subarray(slice * size, (slice + 1) * size), columns),
  );
  const reach = Math.floor(LUNG_MARGIN_MM / sz);
  return tight.map((_, slice) => {
    const near = tight.slice(Math.max(slice - reach, 0), slice + reach + 1);
    const box = joinBoxes(near);
    return box && extendBox(box, Math.ceil(LUNG_MARGIN_MM / sy), Math.ceil(LUNG_MARGIN_MM / sx), rows, columns);
  });
}

const bodyBoxes = (volume: Volume): (SliceBox | null)[] => {
  const [slices, , columns] = volume.shape;
  return Array.from({ length: slices }, (_, slice) => boundingBox(bodyInSlice(volume, slice), columns));
};

function boundingBox(plane: Uint8Array, columns: number): SliceBox | null {
  const first = plane.indexOf(1);
  if (first < 0) return null;
  const [top, bottom] = [Math.floor(first / columns), Math.floor(plane.lastIndexOf(1) / columns)];
  let [left, right] = [columns, -1];
  for (let row = top; row <= bottom; row++) {
    const line = plane.subarray(row * columns, (row + 1) * columns);
    const start = line.indexOf(1);
    if (start < 0) continue;
    left = Math.min(left, start);
    right = Math.max(right, line.lastIndexOf(1));
  }
  return { top, left, height: bottom - top + 1, width: right - left + 1 };
}

/** Returns the smallest box around some boxes, null without any. */
export function joinBoxes(boxes: readonly (SliceBox | null)[]): SliceBox | null {
  return boxes.reduce((all, box) => {
    if (all === null || box === null) return all ?? box;
    const [top, left] = [Math.min(all.top, box.top), Math.min(all.left, box.left)];
    return {
      top,
      left,
      height: Math.max(all.top + all.height, box.top + box.height) - top,
      width: Math.max(all.left + all.width, box.left + box.width) - left,
    };
  }, null);
}

/** Extends a box within its slice. */
function extendBox(
  { top, left, height, width }: SliceBox,
  down: number,
  across: number,
  rows: number,
  columns: number,
): SliceBox {
  const [first, start] = [Math.max(top - down, 0), Math.max(left - across, 0)];
  return {
    top: first,
    left: start,
    height: Math.min(top + height + down, rows) - first,
    width: Math.min(left + width + across, columns) - start,
  };
}
