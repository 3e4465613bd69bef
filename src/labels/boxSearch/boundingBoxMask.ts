import { z } from 'zod';
import {
  checkOptions,
  type IndexIRC,
  indexIRC,
  isInside,
  knownSpacing,
  nearestIndex,
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

/** Faults of the book's rule that can be switched on one by one; the preset 'book' has all of them. */
const compatSchema = z.strictObject({
  /** Fault 8: the transposed inverse of the direction turns places into indices. */
  transposedDirection: z.boolean().optional(),
  /** Fault 9: at the volume's lower edges the search and the box read the far side. */
  wrapAtEdges: z.boolean().optional(),
  /** Fault 10: the label is all that is denser than the threshold in the box. */
  boxLabels: z.boolean().optional(),
  /** Fault 11: the search stops on both sides when one meets air. */
  stopOnEither: z.boolean().optional(),
});

/** Options of the ground truth from annotated points. */
export const boxRuleSchema = z.strictObject({
  preset: z.enum(['default', 'book']).default('default'),
  /** HU below which the book's rule sees air; the default rule uses it where a diameter is unknown. */
  thresholdHu: z.number().default(-700),
  /** How far a label may reach from the annotated point, in annotated radii: readers' outlines are not spheres. */
  reach: z.number().positive().default(1.15),
  compat: compatSchema.prefault({}),
});

export type BoxRuleOptions = z.input<typeof boxRuleSchema>;

/** What became of one annotation. */
export interface LabelledNodule {
  readonly annotation: Annotation;
  /** Nearest voxel to the annotated point; it may lie outside the volume, then nothing is labelled. */
  readonly center: IndexIRC;
  /** Voxels from the centre to the farther side of the box along [index, row, column]. */
  readonly radii: Vector3;
  /** First and last voxel of the box. */
  readonly boxLow: IndexIRC;
  readonly boxHigh: IndexIRC;
  /** HU above which a voxel counts; null: the annotated sphere, as the nodule is no denser than the lung around it. */
  readonly cutHu: number | null;
  readonly voxels: number;
}

const defaultCompat = { transposedDirection: false, wrapAtEdges: false, boxLabels: false, stopOnEither: false };
const bookCompat = { transposedDirection: true, wrapAtEdges: true, boxLabels: true, stopOnEither: true };

/**
 * Ground truth of a scan from its annotated points: a uint8 mask [slices, rows, columns] of 0 and 1, and the nodules.
 *
 * From each point the rule traces outward in index, row and column until air, makes the box, and labels the dense voxels
 * in it. By default each side stops at air or at `reach` × the annotated radius, the label stays within that distance (mm)
 * of the point, and what counts as dense is adapted to the nodule. Without a diameter the book's rule holds.
 * Throws 'rule-needs-hu' for a volume that is not in HU and 'spacing-unknown' where millimetres are unknown.
 */
export const boundingBoxMask = (
  volume: Volume,
  annotations: readonly Annotation[],
  options: BoxRuleOptions = {},
): { mask: Uint8Array; nodules: LabelledNodule[] } => {
  const {
    preset,
    compat: switches,
    ...rule
  } = checkOptions(boxRuleSchema, `labelling the nodules of ${volume.uid}`, options);
  const compat = { ...(preset === 'book' ? bookCompat : defaultCompat), ...switches };
  if (volume.intensity !== 'hu') {
    throw new NoduleTrainError(
      'rule-needs-hu',
      `labelling the nodules of ${volume.uid}: its values are not Hounsfield units, which the rule cuts at; give masks for such scans`,
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
};

interface OneNodule {
  readonly volume: Volume;
  readonly mask: Uint8Array;
  readonly annotation: Annotation;
  /** Fractional index of the annotated point, and its voxel. */
  readonly point: IndexIRC;
  readonly center: IndexIRC;
  readonly reachMm: number | null;
  readonly thresholdHu: number;
  readonly compat: typeof defaultCompat;
}

const labelOne = (one: OneNodule): LabelledNodule => {
  const { volume, mask, annotation, point, center, reachMm, thresholdHu, compat } = one;
  const { voxels, shape, scale, offset } = volume;
  const outside = !isInside(volume, center);
  if (outside && !compat.wrapAtEdges) {
    return { annotation, center, radii: [0, 0, 0], boxLow: center, boxHigh: center, cutHu: null, voxels: 0 };
  }
  const wholeBox = compat.boxLabels || reachMm === null;
  const cutHu =
    wholeBox || outside
      ? thresholdHu
      : adaptedCut(densitiesAround(volume, point, center, annotation.diameterMm! / 2, reachMm!));
  // Readers' outlines reach beyond the annotated radius; where nothing but the radius is known, it is the best guess.
  const radiusMm = cutHu === null ? annotation.diameterMm! / 2 : reachMm!;
  const inBall = wholeBox ? null : ballAround(volume, point, radiusMm);
  const cut = ((cutHu ?? Number.NEGATIVE_INFINITY) - offset) / scale;
  const byVoxel = (position: number): boolean => voxels[position]! > cut;
  const meanAt = inPlaneMean(volume);
  const byMean = (position: number): boolean => meanAt(position) > cut;
  // One voxel of noise must not end a trace; where a nodule's contrast is not far above the noise, nor make a hole.
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
    // Thick slices may have no voxel's centre within a small nodule's radius: it must not be lost.
    mask[(center[0] * shape[1] + center[1]) * shape[2] + center[2]] = 1;
    count = 1;
  }
  const corner = (end: 'low' | 'high') => indexIRC(slices[end], rows[end], columns[end]);
  const radii = [slices.radius, rows.radius, columns.radius] as const;
  return { annotation, center, radii, boxLow: corner('low'), boxHigh: corner('high'), cutHu, voxels: count };
};

/** Squared distance in mm from the annotated point to a voxel's centre. */
const distanceFrom = (volume: Volume, [i, r, c]: IndexIRC) => {
  const [sx, sy, sz] = knownSpacing(volume, 'tracing nodules in millimetres');
  return (index: number, row: number, column: number): number =>
    ((index - i) * sz) ** 2 + ((row - r) * sy) ** 2 + ((column - c) * sx) ** 2;
};

const ballAround = (volume: Volume, point: IndexIRC, reachMm: number) => {
  const distance = distanceFrom(volume, point);
  return (index: number, row: number, column: number): boolean => distance(index, row, column) <= reachMm ** 2;
};

/** Thickness of the shell of surroundings, in which some lung is found even beside the chest wall. */
const shellMm = 5;

/** Used again for each nodule: fresh arrays make the collector keep the mask, which is being made meanwhile, for a costly round more. */
const scratch = { core: new Float64Array(0), around: new Float64Array(0) };

/** HU within the annotated radius and in a shell outside the label's reach; good until the next call. */
const densitiesAround = (volume: Volume, point: IndexIRC, center: IndexIRC, radiusMm: number, reachMm: number) => {
  const { voxels, shape, scale, offset } = volume;
  const spacing = knownSpacing(volume, 'tracing nodules in millimetres');
  const [sx, sy, sz] = spacing;
  const [i, r, c] = point;
  const bounds = ([0, 1, 2] as const).map((axis) => {
    const far = Math.ceil((reachMm + shellMm) / spacing[2 - axis]!);
    return [Math.max(0, center[axis] - far), Math.min(shape[axis] - 1, center[axis] + far)] as const;
  }) as [readonly [number, number], readonly [number, number], readonly [number, number]];
  const room = bounds.reduce((product, [low, high]) => product * (high - low + 1), 1);
  if (scratch.core.length <= room)
    Object.assign(scratch, { core: new Float64Array(2 * room), around: new Float64Array(2 * room) });
  const { core, around } = scratch;
  core[0] = voxels[(center[0] * shape[1] + center[1]) * shape[2] + center[2]]! * scale + offset;
  let inside = 1;
  let outside = 0;
  const [radius, inner, outer] = [radiusMm ** 2, reachMm ** 2, (reachMm + shellMm) ** 2];
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
