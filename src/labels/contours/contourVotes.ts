import { type Volume, voxelCount } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { fillPolygon, outlinePixels } from './fillPolygon.js';
import type { LidcOutline, LidcReadings } from './readLidcXml.js';

/** Readers' outlines as voxels of a scan. */
export interface ContourVotes {
  /** Number of readers that marked each voxel, `[slices, rows, columns]`. */
  readonly votes: Uint8Array;
  /** Nodules, each as flat positions of all voxels that any reader marked. Marks that share a voxel are one nodule. */
  readonly groups: readonly (readonly number[])[];
}

/**
 * Fills LIDC's outlines on the grid of a scan. An outline runs along the first pixels outside a nodule, so only its
 * inside counts (docs/explanation/labels.md). An exclusion removes its inside from its own nodule. A reader has one
 * vote per voxel, even if several of the reader's nodules contain it.
 *
 * Outlines are in pixels of the DICOM slices, so columns, rows and direction must match the DICOM files.
 * @throws NoduleTrainError `contours-series`, `contours-grid`, `contours-slice` or `contours-pixel`, with the figures
 */
export function contourVotes(volume: Volume, { seriesUid, readers }: LidcReadings): ContourVotes {
  const fail = (code: string, problem: string): never => {
    throw new NoduleTrainError(code, `placing readers' outlines on ${volume.uid}: ${problem}`);
  };
  if (seriesUid !== volume.uid)
    fail(
      'contours-series',
      `the outlines are of series ${seriesUid}, expected ${volume.uid}. Give the outlines of this scan.`,
    );
  if (volume.resampled)
    fail(
      'contours-grid',
      'the scan was resampled, so its rows, columns and slices are no longer those of the DICOM files, in which ' +
        'outlines are given. Read it without --resample; leave out scans that need it (tilted gantry, missing slices).',
    );
  const sliceOf = sliceFinder(volume, fail);
  const votes = new Uint8Array(voxelCount(volume.shape));
  const nodules: Set<number>[] = [];
  for (const reader of readers) {
    const marked = new Set<number>();
    for (const outlines of reader) {
      const nodule = noduleVoxels(volume, outlines, sliceOf, fail);
      if (nodule.size === 0) continue;
      nodules.push(nodule);
      for (const position of nodule) marked.add(position);
    }
    for (const position of marked) votes[position]!++;
  }
  return { votes, groups: joined(nodules) };
}

type Fail = (code: string, problem: string) => never;

const noduleVoxels = (
  { shape: [, rows, columns] }: Volume,
  outlines: readonly LidcOutline[],
  sliceOf: (outline: LidcOutline) => number,
  fail: Fail,
): Set<number> => {
  const inside = (outline: LidcOutline): Set<number> => {
    const base = sliceOf(outline) * rows * columns;
    for (const [column, row] of outline.points) {
      if (column >= 0 && row >= 0 && column < columns && row < rows) continue;
      fail(
        'contours-pixel',
        `an outline at z ${outline.z} has the pixel ${column}, ${row}, expected pixels in ${columns} columns and ` +
          `${rows} rows. Give the scan as in its DICOM files, neither cropped nor resampled.`,
      );
    }
    const voxels = new Set<number>();
    fillPolygon(outline.points, rows, (row, from, to) => {
      for (let column = from; column <= to; column++) voxels.add(base + row * columns + column);
    });
    outlinePixels(outline.points, (row, column) => {
      voxels.delete(base + row * columns + column);
    });
    return voxels;
  };
  const voxels = new Set<number>();
  for (const outline of outlines) if (outline.inclusion) for (const position of inside(outline)) voxels.add(position);
  for (const outline of outlines)
    if (!outline.inclusion) for (const position of inside(outline)) voxels.delete(position);
  return voxels;
};

/** Smallest cosine between the third axis and the patient's z for which an outline's z identifies its slice. */
const UPRIGHT = 0.999;

const sliceFinder = (volume: Volume, fail: Fail): ((outline: LidcOutline) => number) => {
  const { spacing, origin, direction, shape, sliceUids } = volume;
  const byUid = new Map(sliceUids?.map((uid, slice) => [uid, slice] as const));
  const step = spacing === null ? 0 : direction[2][2] * spacing[2];
  const normal =
    (direction[0][0] * direction[1][1] - direction[0][1] * direction[1][0]) * Math.sign(direction[2][2] || 1);
  if (spacing === null || Math.abs(direction[2][2]) < UPRIGHT || normal < UPRIGHT) {
    fail(
      'contours-grid',
      `its direction is [${direction.join(' ')}] with spacing ${spacing === null ? 'unknown' : spacing.join(' ')}, ` +
        'expected axial slices as in the DICOM series (right-handed, slices along z), because outlines are in ' +
        'pixels of these slices',
    );
  }
  return ({ sopUid, z }) => {
    const known = byUid.get(sopUid);
    if (known !== undefined) return known;
    const place = (z - origin[2]) / step;
    const slice = Math.round(place);
    // An outline halfway between two slices belongs to neither.
    if (slice >= 0 && slice < shape[0] && Math.abs(place - slice) < 0.5 - 1e-6) return slice;
    const last = origin[2] + (shape[0] - 1) * step;
    return fail(
      'contours-slice',
      `an outline is at z ${z}, expected a z within half a step of a slice ` +
        `(z ${origin[2]} to ${last} in steps of ${Math.abs(step)} mm)`,
    );
  };
};

/** Merges sets that share a voxel, directly or through other sets. */
const joined = (sets: readonly Set<number>[]): number[][] => {
  const groupOf = new Map<number, Set<number>>();
  const groups = new Set<Set<number>>();
  for (const set of sets) {
    const group = new Set(set);
    for (const position of set) {
      const other = groupOf.get(position);
      if (other === undefined || !groups.delete(other)) continue;
      for (const one of other) group.add(one);
    }
    for (const position of group) groupOf.set(position, group);
    groups.add(group);
  }
  return [...groups].map((group) => [...group].sort((a, b) => a - b));
};
