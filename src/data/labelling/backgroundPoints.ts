import { createHash } from 'node:crypto';
import { type Index3, isInside, storedValue, type Volume, voxelCount } from '../../ct/index.js';

/** Part of a prepared scan's key: raise it whenever the same scan gives other places. */
export const BACKGROUND_VERSION = 3;

/** Above the density of aerated lung. */
const DENSE_HU = -650;
/** Highest mean of a neighbourhood inside the lung. */
const LUNG_HU = -550;
/** Highest value of air around the patient and in the trachea. */
const AIR_HU = -950;

/** Places and restrictions from outside the scan. */
export interface KnownBackground {
  /** False positives of detectors. */
  candidates?: readonly Index3[];
  /** Whether a voxel (`at`: its index in the flattened scan) may be background; default: all may. */
  allowed?: (at: number, place: Index3) => boolean;
}

/**
 * Draws up to `count` places without a nodule, for training crops that show none. They alternate between hard and easy
 * ones. Hard places come in turn from `candidates` (false positives of detectors), vessel crossings, and other dense
 * spots in or beside the lung; easy ones are anywhere in the body. If one kind runs out, the others continue. With
 * `'arbitrary'` intensities there are only candidates and places anywhere. The random numbers depend on the scan's UID
 * alone, so preparing again finds the same places.
 */
export function backgroundPoints(
  volume: Volume,
  mask: Uint8Array,
  count: number,
  { candidates = [], allowed = () => true }: KnownBackground = {},
): Index3[] {
  const random = randomNumbers(volume.uid);
  const { voxels, shape } = volume;
  const [, rows, columns] = shape;
  const voxel = (at: number): Index3 => [
    Math.floor(at / (rows * columns)),
    Math.floor(at / columns) % rows,
    at % columns,
  ];
  const dense = storedValue(volume, DENSE_HU);
  const air = storedValue(volume, AIR_HU);
  const tries = volume.intensity === 'hu' ? count * 400 : count * 20;
  const listed = candidates.filter(
    (place) =>
      isInside(volume, place) && mask[flatIndex(shape, place)] === 0 && allowed(flatIndex(shape, place), place),
  );
  const crossings: Index3[] = [];
  const spots: Index3[] = [];
  const easy: Index3[] = [];
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
        const kind = countBranches(volume, place) >= 3 ? crossings : spots;
        if (kind.length < count) kind.push(place);
      }
    }
  }
  return interleave([interleave([listed, crossings, spots]), easy]).slice(0, count);
}

const flatIndex = ([, rows, columns]: Volume['shape'], [slice, row, column]: Index3): number =>
  (slice * rows + row) * columns + column;

/** Takes one item of each list in turn, skipping lists that have ended. */
const interleave = <T>(lists: readonly (readonly T[])[]): T[] =>
  Array.from({ length: Math.max(...lists.map(({ length }) => length)) }, (_, i) =>
    lists.flatMap((list) => (i < list.length ? [list[i]!] : [])),
  ).flat();

/** Radius of the circle on which the branches of a vessel are counted. */
const CIRCLE_MM = 5;
const CIRCLE_POINTS = 32;
/** Longest arc that a vessel cuts out of the circle; the chest wall and the heart cut out longer ones. */
const LONGEST_ARC = CIRCLE_POINTS / 4;

/**
 * Counts the thin dense branches that leave a position within its slice: dense arcs of a circle around it. 2 is a
 * vessel passing through, 3 a fork, 4 a crossing (the crossing number of thinning, Rutovitz 1966). 0 if an arc is too
 * long for a vessel or the circle leaves the slice.
 */
export function countBranches(volume: Volume, [slice, row, column]: Index3): number {
  const { voxels, shape, spacing } = volume;
  const [, rows, columns] = shape;
  const cut = storedValue(volume, DENSE_HU);
  const [x, y] = [CIRCLE_MM / (spacing?.[0] ?? 1), CIRCLE_MM / (spacing?.[1] ?? 1)];
  if (row < y || column < x || row > rows - 1 - y || column > columns - 1 - x) return 0;
  const isDense = Array.from({ length: CIRCLE_POINTS }, (_, i) => {
    const angle = (2 * Math.PI * i) / CIRCLE_POINTS;
    const at = flatIndex(shape, [
      slice,
      Math.round(row + y * Math.sin(angle)),
      Math.round(column + x * Math.cos(angle)),
    ]);
    return voxels[at]! > cut;
  });
  const start = isDense.indexOf(false);
  if (start < 0) return 0;
  let arcs = 0;
  for (let i = 1, length = 0; i <= CIRCLE_POINTS; i++) {
    length = isDense[(start + i) % CIRCLE_POINTS] ? length + 1 : 0;
    if (length === 1) arcs++;
    if (length > LONGEST_ARC) return 0;
  }
  return arcs;
}

/**
 * Whether a place is in or beside the lung. The mean over a coarse grid of 33×33 voxels of its slice must be low: true
 * for vessels and the wall beside the lung, not for the heart. There must be tissue on all four sides, which excludes
 * skin next to the air of the room.
 */
function inLung(volume: Volume, [slice, row, column]: Index3): boolean {
  const { voxels, shape } = volume;
  const [, rows, columns] = shape;
  const at = (r: number, c: number) => voxels[(slice * rows + r) * columns + c]!;
  let sum = 0;
  let count = 0;
  for (let r = row - 16; r <= row + 16; r += 4)
    for (let c = column - 16; c <= column + 16; c += 4) {
      if (r < 0 || c < 0 || r >= rows || c >= columns) return false;
      // LUNA16 has -2048 outside the reconstruction circle.
      sum += Math.max(at(r, c), storedValue(volume, -1000));
      count++;
    }
  if (sum / count > storedValue(volume, LUNG_HU)) return false;
  const tissue = storedValue(volume, -300);
  const meetsTissue = (dr: number, dc: number) => {
    let r = row + 20 * dr;
    let c = column + 20 * dc;
    for (; r >= 0 && c >= 0 && r < rows && c < columns; r += 2 * dr, c += 2 * dc) if (at(r, c) > tissue) return true;
    return false;
  };
  return meetsTissue(1, 0) && meetsTissue(-1, 0) && meetsTissue(0, 1) && meetsTissue(0, -1);
}

/** Returns a generator of uniform numbers in [0, 1): xorshift32 (Marsaglia 2003), seeded with the SHA-256 of a name. */
function randomNumbers(name: string): () => number {
  const digest = createHash('sha256').update(`nodule-train:background:${name}`).digest();
  let state = digest.readUInt32LE(0) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
