import { type Index3, storedValue, type Vector3, type Volume } from '../../ct/index.js';

/** A nodule touches the pleura if one of its voxels is this close to a voxel of the wall. */
const REACH_MM = 3;
/** The wall reaches at least this far beyond a nodule; what a mask left of a large nodule does not. */
const WALL_MM = 20;
/** Separates tissue from lung and air. */
const TISSUE_ABOVE_HU = -500;

/** First and last index, both inside. */
interface Box {
  low: Index3;
  high: Index3;
}

/** States of a voxel in {@link Surroundings}. */
const [TISSUE, OTHER, VISITED] = [0, 1, 2] as const;

/** The voxels around a nodule: tissue outside the lungs and the nodule, or anything else. */
interface Surroundings {
  states: Uint8Array;
  shape: Index3;
  /** Whether tissue may lead out through the first and the last slice; not where the scan ends there. */
  open: readonly [first: boolean, last: boolean];
}

/**
 * Decides whether a nodule touches the pleura: chest wall, mediastinum or diaphragm.
 *
 * A voxel of the wall is tissue (above -500 HU) outside the lung mask and the nodule from which 6-connected voxels of
 * that kind lead to 20 mm beyond the nodule's box, or to the side of the image. The nodule touches if such a voxel is
 * within 3 mm of one of its own, from centre to centre, or shares a face with it. Vessels and other nodules inside the
 * lungs belong to the lung mask, which is closed with a disc of 10 mm radius, and do not count.
 * @param positions positions of the nodule's voxels in the scan's array
 * @param box of the nodule
 * @param lungs 1 inside the lungs, as `lungMask` returns it
 */
export function touchesPleura(
  volume: Volume,
  positions: Int32Array,
  box: Box,
  lungs: Uint8Array,
  [x, y, z]: Vector3,
): boolean {
  const mm: Index3 = [z, y, x];
  const { around, own } = surroundings(volume, positions, box, lungs, mm);
  const [slices, rows, columns] = around.shape;
  const offsets = offsetsWithin(mm);
  for (const at of own) {
    const c = at % columns;
    const line = (at - c) / columns;
    const r = line % rows;
    const i = (line - r) / rows;
    for (const [di, dr, dc] of offsets) {
      const [ni, nr, nc] = [i + di, r + dr, c + dc];
      if (ni < 0 || nr < 0 || nc < 0 || ni >= slices || nr >= rows || nc >= columns) continue;
      const next = (ni * rows + nr) * columns + nc;
      if (around.states[next] === TISSUE && leadsOut(around, next)) return true;
    }
  }
  return false;
}

/** Cuts out the nodule's box with a margin of 20 mm; `own` are the places of the nodule's voxels in it. */
function surroundings(volume: Volume, positions: Int32Array, { low, high }: Box, lungs: Uint8Array, mm: Index3) {
  const [slices, rows, columns] = volume.shape;
  const margins = mm.map((side) => Math.ceil(WALL_MM / side));
  const [i0, r0, c0] = low.map((place, axis) => Math.max(0, place - margins[axis]!)) as [number, number, number];
  const [i1, r1, c1] = high.map((place, axis) => Math.min(volume.shape[axis]! - 1, place + margins[axis]!)) as [
    number,
    number,
    number,
  ];
  const shape: Index3 = [i1 - i0 + 1, r1 - r0 + 1, c1 - c0 + 1];
  const states = new Uint8Array(shape[0] * shape[1] * shape[2]);
  const cut = storedValue(volume, TISSUE_ABOVE_HU);
  let at = 0;
  for (let i = i0; i <= i1; i++) {
    for (let r = r0; r <= r1; r++) {
      const line = (i * rows + r) * columns;
      for (let c = line + c0; c <= line + c1; c++)
        states[at++] = lungs[c] === 0 && volume.voxels[c]! > cut ? TISSUE : OTHER;
    }
  }
  const own = positions.map((position) => {
    const line = Math.floor(position / columns);
    const i = Math.floor(line / rows);
    return ((i - i0) * shape[1] + line - i * rows - r0) * shape[2] + position - line * columns - c0;
  });
  for (const place of own) states[place] = OTHER;
  const around: Surroundings = { states, shape, open: [i0 > 0, i1 < slices - 1] };
  return { around, own };
}

/** Steps from a voxel to those within reach, and to the six that share a face with it. */
function offsetsWithin(mm: Index3): Index3[] {
  const [si, sr, sc] = mm.map((side) => Math.max(1, Math.floor(REACH_MM / side))) as [number, number, number];
  const offsets: Index3[] = [];
  for (let i = -si; i <= si; i++) {
    for (let r = -sr; r <= sr; r++) {
      for (let c = -sc; c <= sc; c++) {
        const far = Math.hypot(i * mm[0], r * mm[1], c * mm[2]);
        if (far <= REACH_MM || Math.abs(i) + Math.abs(r) + Math.abs(c) === 1) offsets.push([i, r, c]);
      }
    }
  }
  return offsets;
}

/** Whether connected tissue leads from a place out of the box. Marks what it visited, so nothing is visited twice. */
function leadsOut({ states, shape: [slices, rows, columns], open }: Surroundings, from: number): boolean {
  const plane = rows * columns;
  const stack: number[] = [];
  const visit = (at: number) => {
    if (states[at] !== TISSUE) return;
    states[at] = VISITED;
    stack.push(at);
  };
  visit(from);
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const c = at % columns;
    const line = (at - c) / columns;
    const r = line % rows;
    const i = (line - r) / rows;
    if (c === 0 || r === 0 || c === columns - 1 || r === rows - 1) return true;
    if ((i === 0 && open[0]) || (i === slices - 1 && open[1])) return true;
    visit(at - 1);
    visit(at + 1);
    visit(at - columns);
    visit(at + columns);
    if (i > 0) visit(at - plane);
    if (i < slices - 1) visit(at + plane);
  }
  return false;
}
