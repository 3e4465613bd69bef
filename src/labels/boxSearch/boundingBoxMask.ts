import { z } from 'zod';
import {
  checkOptions,
  type IndexIRC,
  indexIRC,
  isInside,
  knownSpacing,
  nearestIndex,
  storedValue,
  type Vector3,
  type Volume,
  voxelCount,
  worldToIndex,
} from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Annotation } from '../annotations.js';
import { adaptedCut, readersEdgeHu } from './adaptedCut.js';
import { inPlaneMean } from './inPlaneMean.js';
import { type Side, traceBothSides, traceEachSide, traceWrapping } from './tracedBox.js';
import { roundHalvesToEven, transposedIndex } from './transposedIndex.js';

/** Faults of the book's rule, as separate switches; the preset 'book' turns all of them on. */
const compatSchema = z.strictObject({
  transposedDirection: z
    .boolean()
    .optional()
    .describe("positions converted to indices with the transposed direction matrix (fault 8 of the book's code)"),
  wrapAtEdges: z
    .boolean()
    .optional()
    .describe("box search that wraps around at the volume's lower edges (fault 9 of the book's code)"),
  boxLabels: z
    .boolean()
    .optional()
    .describe("labels for all voxels of the box above the threshold (fault 10 of the book's code)"),
  stopOnEither: z
    .boolean()
    .optional()
    .describe("search that stops on both sides as soon as one meets air (fault 11 of the book's code)"),
});

/** Options of the box rule, which makes ground truth from annotated points. */
export const boxRuleSchema = z.strictObject({
  preset: z
    .enum(['default', 'book'])
    .default('default')
    .describe("variant of the box rule; book: the book's rule with all its faults"),
  thresholdHu: z
    .number()
    .min(-1e6)
    .max(1e6)
    .default(-700)
    .describe("HU below which a voxel counts as air, for the book's rule and nodules of unknown diameter"),
  // Above 1 because outlines are not spheres.
  reach: z
    .number()
    .positive()
    .max(100)
    .default(1.15)
    .describe('largest distance of a label from the annotated point, as a multiple of the annotated radius'),
  compat: compatSchema.prefault({}),
});

export type BoxRuleOptions = z.input<typeof boxRuleSchema>;

/** The label of one annotation. */
export interface LabelledNodule {
  readonly annotation: Annotation;
  /** Voxel nearest to the annotated point. If it is outside the volume, nothing is labelled. */
  readonly center: IndexIRC;
  /** Voxels from the centre to the farther side of the box along [index, row, column]. */
  readonly radii: Vector3;
  /** First and last voxel of the box. */
  readonly boxLow: IndexIRC;
  readonly boxHigh: IndexIRC;
  /** HU above which voxels are labelled; null: the annotated sphere is, because it is not denser than lung. */
  readonly cutHu: number | null;
  readonly voxels: number;
}

const DEFAULT_COMPAT = { transposedDirection: false, wrapAtEdges: false, boxLabels: false, stopOnEither: false };
const BOOK_COMPAT = { transposedDirection: true, wrapAtEdges: true, boxLabels: true, stopOnEither: true };

/**
 * Makes the ground truth of a scan from its annotated points: a mask of 0 and 1, `[slices, rows, columns]`, and the
 * nodules.
 *
 * From each point the rule traces outward in index, row and column until it meets air. This gives a box, in which it
 * labels the dense voxels. By default each side stops at air or at `reach` × the annotated radius, the label stays
 * within that distance (mm) of the point, and the density threshold adapts to the nodule. Without a diameter it applies
 * the book's rule.
 * @throws NoduleTrainError `rule-needs-hu` for a volume that is not in HU, `spacing-unknown` if the spacing is unknown
 */
export function boundingBoxMask(
  volume: Volume,
  annotations: readonly Annotation[],
  options: BoxRuleOptions = {},
): { mask: Uint8Array; nodules: LabelledNodule[] } {
  const {
    preset,
    compat: switches,
    ...rule
  } = checkOptions(boxRuleSchema, `labelling the nodules of ${volume.uid}`, options);
  const compat = { ...(preset === 'book' ? BOOK_COMPAT : DEFAULT_COMPAT), ...switches };
  if (volume.intensity !== 'hu') {
    throw new NoduleTrainError(
      'rule-needs-hu',
      `labelling the nodules of ${volume.uid}: found arbitrary intensities, but the box rule expects Hounsfield units. ` +
        'Give masks for such scans.',
    );
  }
  const mask = new Uint8Array(voxelCount(volume.shape));
  const nodules = annotations.map((annotation) => {
    const point = (compat.transposedDirection ? transposedIndex : worldToIndex)(volume, annotation.center);
    const center = compat.transposedDirection ? roundHalvesToEven(point) : nearestIndex(volume, annotation.center);
    const reachMm = annotation.diameterMm === null ? null : (rule.reach * annotation.diameterMm) / 2;
    return labelOne({ volume, mask, annotation, point, center, reachMm, thresholdHu: rule.thresholdHu, compat });
  });
  return { mask, nodules };
}

interface OneNodule {
  readonly volume: Volume;
  readonly mask: Uint8Array;
  readonly annotation: Annotation;
  /** Fractional index of the annotated point, and its nearest voxel. */
  readonly point: IndexIRC;
  readonly center: IndexIRC;
  readonly reachMm: number | null;
  readonly thresholdHu: number;
  readonly compat: typeof DEFAULT_COMPAT;
}

const labelOne = (one: OneNodule): LabelledNodule => {
  const { volume, mask, annotation, point, center, reachMm, thresholdHu, compat } = one;
  const { voxels, shape } = volume;
  const outside = !isInside(volume, center);
  if (outside && !compat.wrapAtEdges) {
    return { annotation, center, radii: [0, 0, 0], boxLow: center, boxHigh: center, cutHu: null, voxels: 0 };
  }
  const wholeBox = compat.boxLabels || reachMm === null;
  const cutHu =
    wholeBox || outside
      ? thresholdHu
      : adaptedCut(densitiesAround(volume, point, center, annotation.diameterMm! / 2, reachMm!));
  // Readers' outlines extend beyond the annotated radius; if only the radius is known, it is the best guess.
  const radiusMm = cutHu === null ? annotation.diameterMm! / 2 : reachMm!;
  const inBall = wholeBox ? null : ballAround(volume, point, radiusMm);
  const cut = storedValue(volume, cutHu ?? Number.NEGATIVE_INFINITY);
  const byVoxel = (position: number): boolean => voxels[position]! > cut;
  const meanAt = inPlaneMean(volume);
  const byMean = (position: number): boolean => meanAt(position) > cut;
  // A single noisy voxel must not end a trace, nor make a hole in a nodule of low contrast.
  const traced = inBall === null ? byVoxel : byMean;
  const dense = inBall !== null && cutHu !== null && cutHu < readersEdgeHu ? byMean : byVoxel;
  const spacing = knownSpacing(volume, 'tracing nodules in millimetres');
  const sides = ([0, 1, 2] as const).map((axis): Side => {
    const line = { center, shape, axis, dense: traced };
    if (!compat.stopOnEither && reachMm !== null && !outside)
      return traceEachSide(line, Math.floor(reachMm / spacing[2 - axis]!));
    return compat.wrapAtEdges ? traceWrapping(line) : traceBothSides(line);
  }) as [Side, Side, Side];

  let count = 0;
  const [slices, rows, columns] = sides;
  for (let index = slices.low; index <= slices.high; index++) {
    for (let row = rows.low; row <= rows.high; row++) {
      for (let column = columns.low; column <= columns.high; column++) {
        const position = (index * shape[1] + row) * shape[2] + column;
        if (!dense(position) || (inBall !== null && !inBall(index, row, column))) continue;
        mask[position] = 1;
        count++;
      }
    }
  }
  if (count === 0 && inBall !== null && !outside) {
    // With thick slices, no voxel centre may be inside a small nodule: label its nearest voxel, or it would be lost.
    mask[(center[0] * shape[1] + center[1]) * shape[2] + center[2]] = 1;
    count = 1;
  }
  const corner = (end: 'low' | 'high') => indexIRC(slices[end], rows[end], columns[end]);
  const radii = [slices.radius, rows.radius, columns.radius] as const;
  return { annotation, center, radii, boxLow: corner('low'), boxHigh: corner('high'), cutHu, voxels: count };
};

/** Returns a test of whether a voxel's centre is within `reachMm` of a point. */
const ballAround = (volume: Volume, [i, r, c]: IndexIRC, reachMm: number) => {
  const [sx, sy, sz] = knownSpacing(volume, 'tracing nodules in millimetres');
  return (index: number, row: number, column: number): boolean =>
    ((index - i) * sz) ** 2 + ((row - r) * sy) ** 2 + ((column - c) * sx) ** 2 <= reachMm ** 2;
};

/** Thickness of the shell around a nodule: enough to contain some lung even beside the chest wall. */
const SHELL_MM = 5;

/**
 * Reused for each nodule: fresh arrays would make the garbage collector keep the mask, allocated meanwhile, a costly
 * cycle longer.
 */
const scratch = { core: new Float64Array(0), around: new Float64Array(0) };

/** Collects HU inside the annotated radius and in a shell outside the label's reach; valid until the next call. */
const densitiesAround = (volume: Volume, point: IndexIRC, center: IndexIRC, radiusMm: number, reachMm: number) => {
  const { voxels, shape, scale, offset } = volume;
  const spacing = knownSpacing(volume, 'tracing nodules in millimetres');
  const [sx, sy, sz] = spacing;
  const [i, r, c] = point;
  const bounds = ([0, 1, 2] as const).map((axis) => {
    const far = Math.ceil((reachMm + SHELL_MM) / spacing[2 - axis]!);
    return [Math.max(0, center[axis] - far), Math.min(shape[axis] - 1, center[axis] + far)] as const;
  }) as [readonly [number, number], readonly [number, number], readonly [number, number]];
  const room = bounds.reduce((product, [low, high]) => product * (high - low + 1), 1);
  if (scratch.core.length <= room)
    Object.assign(scratch, { core: new Float64Array(2 * room), around: new Float64Array(2 * room) });
  const { core, around } = scratch;
  core[0] = voxels[(center[0] * shape[1] + center[1]) * shape[2] + center[2]]! * scale + offset;
  let inside = 1;
  let outside = 0;
  const [radius, inner, outer] = [radiusMm ** 2, reachMm ** 2, (reachMm + SHELL_MM) ** 2];
  for (let index = bounds[0][0]; index <= bounds[0][1]; index++) {
    for (let row = bounds[1][0]; row <= bounds[1][1]; row++) {
      const line = (index * shape[1] + row) * shape[2];
      const ofLine = ((index - i) * sz) ** 2 + ((row - r) * sy) ** 2;
      if (ofLine > outer) continue;
      for (let column = bounds[2][0]; column <= bounds[2][1]; column++) {
        const squared = ofLine + ((column - c) * sx) ** 2;
        if (squared <= radius) core[inside++] = voxels[line + column]! * scale + offset;
        else if (squared > inner && squared <= outer) around[outside++] = voxels[line + column]! * scale + offset;
      }
    }
  }
  return { core: core.subarray(0, inside), around: around.subarray(0, outside) };
};
