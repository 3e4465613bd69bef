import {
  type IndexIRC,
  indexIRC,
  isInside,
  nearestIndex,
  storedValue,
  type Volume,
  type WorldLPS,
  worldLPS,
} from '../../ct/index.js';

/** Ways to write a point that put it outside its volume, as clauses of a message. The likelier one first. */
const CAUSES = {
  'swapped-xz': 'with x and z swapped',
  'voxels-xyz': 'as voxel indices (column, row, slice)',
  'voxels-zyx': 'as voxel indices (slice, row, column)',
  'flipped-xy': 'with the signs of x and y reversed (RAS instead of LPS)',
  'swapped-xy': 'with x and y swapped',
  'from-corner': 'as millimetres from the first voxel',
} as const;

export type PointCause = keyof typeof CAUSES;

export const POINT_CAUSES = Object.keys(CAUSES) as PointCause[];

/** Denser than aerated lung, as nodules are. */
const DENSE_HU = -700;

/** Finds the readings of a point that would put it inside the volume, and whether on a dense voxel. */
export function pointCauses(volume: Volume, point: WorldLPS): Partial<Record<PointCause, 'inside' | 'dense'>> {
  const { shape, voxels, intensity } = volume;
  const dense = intensity === 'hu' ? storedValue(volume, DENSE_HU) : Number.NEGATIVE_INFINITY;
  const found: Partial<Record<PointCause, 'inside' | 'dense'>> = {};
  for (const [cause, [slice, row, column]] of readings(volume, point)) {
    if (!isInside(volume, [slice, row, column])) continue;
    found[cause] = voxels[(slice * shape[1] + row) * shape[2] + column]! > dense ? 'dense' : 'inside';
  }
  return found;
}

function readings(volume: Volume, [x, y, z]: WorldLPS): [PointCause, IndexIRC][] {
  const [sx, sy, sz] = volume.spacing ?? [1, 1, 1];
  const index = (slice: number, row: number, column: number) =>
    indexIRC(Math.round(slice), Math.round(row), Math.round(column));
  return [
    ['swapped-xz', nearestIndex(volume, worldLPS(z, y, x))],
    ['voxels-xyz', index(z, y, x)],
    ['voxels-zyx', index(x, y, z)],
    ['flipped-xy', nearestIndex(volume, worldLPS(-x, -y, z))],
    ['swapped-xy', nearestIndex(volume, worldLPS(y, x, z))],
    ['from-corner', index(z / sz, y / sy, x / sx)],
  ];
}

/** A point with the readings that would put it inside its volume. */
interface OutsidePoint {
  readonly causes?: Readonly<Partial<Record<PointCause, 'inside' | 'dense'>>>;
}

/** What most points outside have in common. */
export interface LikelyCause {
  readonly cause: PointCause;
  /** The clause of the message. */
  readonly text: string;
  /** Number of the points that would be inside. */
  readonly explained: number;
}

/**
 * Chooses the reading under which most of these points would be inside their volumes, and among equals the one that
 * puts most on dense voxels; null if no reading explains more than half of them.
 */
export function likelyCause(points: readonly OutsidePoint[]): LikelyCause | null {
  const scores = POINT_CAUSES.map((cause) => ({
    cause,
    explained: points.filter(({ causes }) => causes?.[cause] !== undefined).length,
    dense: points.filter(({ causes }) => causes?.[cause] === 'dense').length,
  })).sort((a, b) => b.explained - a.explained || b.dense - a.dense);
  const [best, second] = [scores[0]!, scores[1]!];
  if (best.explained === 0 || 2 * best.explained <= points.length) return null;
  const isTie = second.explained === best.explained && second.dense === best.dense;
  const isVoxels = (cause: PointCause) => cause.startsWith('voxels');
  const text =
    isTie && isVoxels(best.cause) && isVoxels(second.cause)
      ? 'as voxel indices (column, row, slice, or in reverse order)'
      : CAUSES[best.cause];
  return { cause: best.cause, text, explained: best.explained };
}
