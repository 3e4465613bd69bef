import { createHash } from 'node:crypto';
import { storedValue, type Volume, voxelCount } from '../../ct/index.js';
import type { Triple } from './noduleSlices.js';

/** Part of a prepared scan's key: raise it whenever the same scan gives other places. */
export const backgroundVersion = 3;

/** Denser than lung with air in it. */
const denseHu = -650;
/** A neighbourhood with this mean or less lies in the lung. */
const lungHu = -550;
/** Air around the patient and in the trachea. */
const airHu = -950;

/** What others know of a scan's background. */
export interface KnownBackground {
  /** Places that detectors took for a nodule and that are none. */
  candidates?: readonly Triple[];
  /** Whether a voxel, by its place in the flattened scan, may be taken; without it all may. */
  allowed?: (at: number, place: Triple) => boolean;
}

/**
 * Places without a nodule, for training crops that show none: every other one hard, in turn of `candidates` (what a detector took for
 * a nodule), crossings of vessels, and any dense spot in or beside the lung; the rest anywhere in the body. Drawn from the
 * scan's name alone, so preparing again finds the same. Where a kind runs out the others go on. On `'arbitrary'` intensities there are only
 * candidates and places anywhere.
 */
export function backgroundPoints(
  volume: Volume,
  mask: Uint8Array,
  count: number,
  { candidates = [], allowed = () => true }: KnownBackground = {},
): Triple[] {
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
  const listed = candidates.filter(
    (place) =>
      place.every((at, axis) => at >= 0 && at < shape[axis]!) &&
      mask[indexOf(shape, place)] === 0 &&
      allowed(indexOf(shape, place), place),
  );
  const crossings: Triple[] = [];
  const spots: Triple[] = [];
  const easy: Triple[] = [];
  const total = voxelCount(shape);
  for (let i = 0; i < tries && (crossings.length < count || spots.length < count || easy.length < count); i++) {
    const at = Math.floor(random() * total);
    if (mask[at] !== 0) continue;
    const place = voxel(at);
    if (!allowed(at, place)) continue;
    if (volume.intensity !== 'hu') easy.push(place);
    else if (voxels[at]! > air) {
      if (easy.length < count) easy.push(place);
      if (voxels[at]! > dense && inLung(volume, place)) {
        const kind = branches(volume, place) >= 3 ? crossings : spots;
        if (kind.length < count) kind.push(place);
      }
    }
  }
  return inTurn([inTurn([listed, crossings, spots]), easy]).slice(0, count);
}

const indexOf = ([, rows, columns]: Volume['shape'], [slice, row, column]: Triple): number =>
  (slice * rows + row) * columns + column;

/** One of each list in turn; a list that is at its end is passed over. */
const inTurn = <T>(lists: readonly (readonly T[])[]): T[] =>
  Array.from({ length: Math.max(...lists.map(({ length }) => length)) }, (_, i) =>
    lists.flatMap((list) => (i < list.length ? [list[i]!] : [])),
  ).flat();

/** Radius of the circle on which the branches of a vessel are counted. */
const circleMm = 5;
const circlePoints = 32;
/** A vessel cuts the circle in an arc this long at most; a wall or the heart in a longer one. */
const longestArc = circlePoints / 4;

/**
 * How many thin dense branches leave a place in its slice: arcs above the cut on a circle around it. 0 where one is no thin one or the
 * circle leaves the slice. 2 is a vessel that passes, 3 a fork, 4 a crossing (the crossing number of thinning, Rutovitz 1966).
 */
export function branches(volume: Volume, [slice, row, column]: Triple): number {
  const { voxels, shape, spacing } = volume;
  const [, rows, columns] = shape;
  const cut = storedValue(volume, denseHu);
  const [x, y] = [circleMm / (spacing?.[0] ?? 1), circleMm / (spacing?.[1] ?? 1)];
  if (row < y || column < x || row > rows - 1 - y || column > columns - 1 - x) return 0;
  const isDense = Array.from({ length: circlePoints }, (_, i) => {
    const angle = (2 * Math.PI * i) / circlePoints;
    const at = indexOf(shape, [slice, Math.round(row + y * Math.sin(angle)), Math.round(column + x * Math.cos(angle))]);
    return voxels[at]! > cut;
  });
  const start = isDense.indexOf(false);
  if (start < 0) return 0;
  let arcs = 0;
  for (let i = 1, length = 0; i <= circlePoints; i++) {
    length = isDense[(start + i) % circlePoints] ? length + 1 : 0;
    if (length === 1) arcs++;
    if (length > longestArc) return 0;
  }
  return arcs;
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
