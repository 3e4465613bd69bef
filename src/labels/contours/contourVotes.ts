import { type Volume, voxelCount } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { fillPolygon, outlinePixels } from './fillPolygon.js';
import type { LidcOutline, LidcReadings } from './readLidcXml.js';

/** What readers' outlines say of the voxels of a scan. */
export interface ContourVotes {
  /** Readers that marked each voxel, [slices, rows, columns]. */
  readonly votes: Uint8Array;
  /** The nodules as flat positions of all voxels that a reader marked: readers' nodules that share a voxel are one. */
  readonly groups: readonly (readonly number[])[];
}

/**
 * Fills LIDC's outlines on the grid of the scan that was read. An outline is the first pixel outside a nodule, so what
 * counts is inside it (../../docs/explanation/labels.md); an exclusion takes its inside away from its own nodule. A reader has one
 * vote for a voxel, however many of its nodules hold it.
 *
 * Outlines are in pixels of the DICOM slices, so columns, rows and direction must be the DICOM's. Throws 'contours-series',
 * 'contours-grid', 'contours-slice' and 'contours-pixel', which name the figures.
 */
export const contourVotes = (volume: Volume, { seriesUid, readers }: LidcReadings): ContourVotes => {
  const fail = (code: string, problem: string): never => {
    throw new NoduleTrainError(code, `placing readers' outlines on ${volume.uid}: ${problem}`);
  };
  if (seriesUid !== volume.uid)
    fail('contours-series', `they are of series ${seriesUid}; give the outlines of this scan`);
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
};

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
        `an outline at z ${outline.z} has the pixel ${column}, ${row}, but a slice has ${columns} columns and ${rows} rows; the scan must be as its DICOM files are, neither cropped nor resampled`,
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

/** How far the third axis may lean away from the patient's, as a cosine: the z of an outline then is its slice's. */
const upright = 0.999;

const sliceFinder = (volume: Volume, fail: Fail): ((outline: LidcOutline) => number) => {
  const { spacing, origin, direction, shape, sliceUids } = volume;
  const byUid = new Map(sliceUids?.map((uid, slice) => [uid, slice] as const));
  const step = spacing === null ? 0 : direction[2][2] * spacing[2];
  const normal =
    (direction[0][0] * direction[1][1] - direction[0][1] * direction[1][0]) * Math.sign(direction[2][2] || 1);
  if (spacing === null || Math.abs(direction[2][2]) < upright || normal < upright) {
    fail(
      'contours-grid',
      `its direction is [${direction.join(' ')}] with spacing ${spacing === null ? 'unknown' : spacing.join(' ')}; outlines are in pixels of axial DICOM slices, so wanted is the direction that the DICOM series has (right-handed, slices along z)`,
    );
  }
  return ({ sopUid, z }) => {
    const known = byUid.get(sopUid);
    if (known !== undefined) return known;
    const place = (z - origin[2]) / step;
    const slice = Math.round(place);
    // An outline half way between two slices belongs to neither.
    if (slice >= 0 && slice < shape[0] && Math.abs(place - slice) < 0.5 - 1e-6) return slice;
    const last = origin[2] + (shape[0] - 1) * step;
    return fail(
      'contours-slice',
      `an outline lies at z ${z}, the slices from ${origin[2]} to ${last} by ${Math.abs(step)} mm; no slice is within half of that`,
    );
  };
};

/** Sets that share a voxel, directly or through others, as one. */
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
