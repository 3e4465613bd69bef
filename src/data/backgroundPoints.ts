import { createHash } from 'node:crypto';
import { storedValue, type Volume, voxelCount } from '../ct/index.js';
import type { Triple } from './noduleSlices.js';

/** Part of a prepared scan's key: raise it whenever the same scan gives other places. */
export const backgroundVersion = 1;

/** Denser than lung with air in it. */
const denseHu = -650;
/** A neighbourhood with this mean or less lies in the lung. */
const lungHu = -550;
/** Air around the patient and in the trachea. */
const airHu = -950;

/**
 * Places without a nodule, for training crops that show none: half of them dense spots in or beside the lung (vessels, walls, what is
 * mistaken for a nodule), half anywhere in the body. Drawn from the scan's name alone, so preparing again finds the same.
 * They come in random order, hard and easy in turn. On `'arbitrary'` intensities all are anywhere.
 */
export function backgroundPoints(volume: Volume, mask: Uint8Array, count: number): Triple[] {
  const random = generator(volume.uid);
  const { voxels, shape } = volume;
  const [, rows, columns] = shape;
  const voxel = (at: number): Triple => [
    Math.floor(at / (rows * columns)),
    Math.floor(at / columns) % rows,
    at % columns,
  ];
  const dense = storedValue(volume, denseHu);
  const air = storedValue(volume, airHu);
  const tries = volume.intensity === 'hu' ? count * 400 : count * 20;
  const hard: Triple[] = [];
  const easy: Triple[] = [];
  const total = voxelCount(shape);
  for (let i = 0; i < tries && (hard.length < count || easy.length < count); i++) {
    const at = Math.floor(random() * total);
    if (mask[at] !== 0) continue;
    const place = voxel(at);
    if (volume.intensity !== 'hu') easy.push(place);
    else if (voxels[at]! > air) {
      if (easy.length < count) easy.push(place);
      if (hard.length < count && voxels[at]! > dense && inLung(volume, place)) hard.push(place);
    }
  }
  const points: Triple[] = [];
  while (points.length < count && hard.length + easy.length > 0) {
    const next = (points.length % 2 === 0 ? hard.pop() : undefined) ?? easy.pop() ?? hard.pop();
    if (next !== undefined) points.push(next);
  }
  return points;
}

/**
 * Mean over a coarse grid of 33×33 voxels of the slice: vessels inside and the wall beside the lung pass, the heart does
 * not; and tissue on all four sides, which the skin with the room's air before it has not.
 */
function inLung(volume: Volume, [slice, row, column]: Triple): boolean {
  const { voxels, shape } = volume;
  const [, rows, columns] = shape;
  const at = (r: number, c: number) => voxels[(slice * rows + r) * columns + c]!;
  let sum = 0;
  let count = 0;
  for (let r = row - 16; r <= row + 16; r += 4)
    for (let c = column - 16; c <= column + 16; c += 4) {
      if (r < 0 || c < 0 || r >= rows || c >= columns) return false;
      // Outside the scanner's circle LUNA16 has -2048.
      sum += Math.max(at(r, c), storedValue(volume, -1000));
      count++;
    }
  if (sum / count > storedValue(volume, lungHu)) return false;
  const tissue = storedValue(volume, -300);
  const meets = (dr: number, dc: number) => {
    let r = row + 20 * dr;
    let c = column + 20 * dc;
    for (; r >= 0 && c >= 0 && r < rows && c < columns; r += 2 * dr, c += 2 * dc) if (at(r, c) > tissue) return true;
    return false;
  };
  return meets(1, 0) && meets(-1, 0) && meets(0, 1) && meets(0, -1);
}

/** Uniform numbers in [0, 1): xorshift32 (Marsaglia 2003), started from the SHA-256 of a name. */
function generator(name: string): () => number {
  const digest = createHash('sha256').update(`nodule-train:background:${name}`).digest();
  let state = digest.readUInt32LE(0) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
