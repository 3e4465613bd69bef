import {
  connectedComponents,
  type IndexIRC,
  indexIRC,
  indexToWorld,
  isInside,
  nearestIndex,
  type Volume,
} from '../ct/index.js';
import type { Annotation } from './annotations.js';
import { componentAt } from './componentAt.js';
import { equivalentDiameterMm } from './equivalentDiameterMm.js';
import type { RuleNodule } from './rules/labelRule.js';

/** Search distance from an annotated point to its nodule's voxels, in voxels along each axis. */
const REACH_VOXELS = 3;

/**
 * Gives each annotated nodule the box of the 26-connected component at its point. Without marked voxels near the point,
 * the box is that point.
 */
export const annotatedNodules = (volume: Volume, mask: Uint8Array, annotations: readonly Annotation[]): RuleNodule[] =>
  annotations.map((annotation) => {
    const center = nearestIndex(volume, annotation.center);
    const start = nearestMarked(volume, (position) => mask[position] !== 0, center);
    const voxels = start === null ? [] : componentAt((position) => mask[position] !== 0, volume.shape, start);
    return { annotation, center, ...boxOf(volume, voxels, center) };
  });

/** Takes all labelled voxels as one nodule, which exists even if none is labelled. */
export function wholeNodule(volume: Volume, mask: Uint8Array, annotation?: Annotation): RuleNodule {
  const voxels: number[] = [];
  for (let position = 0; position < mask.length; position++) if (mask[position] !== 0) voxels.push(position);
  if (annotation === undefined) return noduleOfVoxels(volume, voxels, voxels);
  const center = nearestIndex(volume, annotation.center);
  return { annotation, center, ...boxOf(volume, voxels, center) };
}

/** Lists the 26-connected components of the marked voxels, each as flat positions. */
export function componentsOf({ shape }: Volume, marked: Uint8Array): number[][] {
  const { labels, components } = connectedComponents(marked, shape, 26);
  const [, rows, columns] = shape;
  return components.map(({ label, low, high }) => {
    const voxels: number[] = [];
    for (let index = low[0]; index <= high[0]; index++)
      for (let row = low[1]; row <= high[1]; row++)
        for (let column = low[2]; column <= high[2]; column++) {
          const position = (index * rows + row) * columns + column;
          if (labels[position] === label) voxels.push(position);
        }
    return voxels;
  });
}

/**
 * Turns groups of marked voxels into nodules; `mask` has the voxels that count as truth. A group at an annotated point
 * takes that annotation (two points in one group give two nodules). Any other group gets the centroid of its voxels and
 * the diameter of the sphere of equal volume. Annotated points without a group come last, with nothing labelled and not
 * `marked`.
 */
export function markedNodules(
  volume: Volume,
  mask: Uint8Array,
  groups: readonly (readonly number[])[],
  annotations: readonly Annotation[],
): RuleNodule[] {
  const groupAt = new Map<number, number>();
  if (annotations.length > 0)
    groups.forEach((voxels, group) => {
      for (const position of voxels) groupAt.set(position, group);
    });
  const annotated = annotations.map((annotation) => {
    const center = nearestIndex(volume, annotation.center);
    const start = nearestMarked(volume, (position) => groupAt.has(position), center);
    return { annotation, center, group: start === null ? null : groupAt.get(positionOf(volume, start))! };
  });
  return [
    ...groups.flatMap((voxels, group) => {
      const truth = voxels.filter((position) => mask[position] !== 0);
      const here = annotated.filter((one) => one.group === group);
      const marked = { marked: true } as const;
      if (here.length === 0) return [{ ...noduleOfVoxels(volume, truth, voxels), ...marked }];
      return here.map(({ annotation, center }) => ({ annotation, center, ...boxOf(volume, truth, center), ...marked }));
    }),
    ...annotated
      .filter(({ group }) => group === null)
      .map(({ annotation, center }) => ({ annotation, center, boxLow: center, boxHigh: center })),
  ];
}

/** Describes a nodule without an annotation by its true voxels or, if it has none, by all of its marked ones. */
const noduleOfVoxels = (volume: Volume, truth: readonly number[], marked: readonly number[]): RuleNodule => {
  const voxels = truth.length > 0 ? truth : marked;
  const sum = [0, 0, 0];
  for (const position of voxels)
    indexOf(volume, position).forEach((place, axis) => {
      sum[axis]! += place;
    });
  const [slices, rows, columns] = volume.shape;
  const middle =
    voxels.length > 0
      ? indexIRC(sum[0]! / voxels.length, sum[1]! / voxels.length, sum[2]! / voxels.length)
      : indexIRC((slices - 1) / 2, (rows - 1) / 2, (columns - 1) / 2);
  // With unknown spacing, positions are in voxels.
  const center = indexToWorld({ ...volume, spacing: volume.spacing ?? [1, 1, 1] }, middle);
  const diameterMm =
    volume.spacing === null || voxels.length === 0 ? null : equivalentDiameterMm(voxels.length, volume.spacing);
  const nearest = indexIRC(Math.round(middle[0]), Math.round(middle[1]), Math.round(middle[2]));
  const annotation = { uid: volume.uid, center, diameterMm, line: 0 };
  return { annotation, center: nearest, ...boxOf(volume, truth, nearest) };
};

const positionOf = ({ shape: [, rows, columns] }: Volume, [index, row, column]: IndexIRC): number =>
  (index * rows + row) * columns + column;

const indexOf = ({ shape: [, rows, columns] }: Volume, position: number): IndexIRC =>
  indexIRC(Math.floor(position / (rows * columns)), Math.floor(position / columns) % rows, position % columns);

const boxOf = (volume: Volume, voxels: readonly number[], none: IndexIRC) => {
  if (voxels.length === 0) return { boxLow: none, boxHigh: none };
  const low = [...indexOf(volume, voxels[0]!)];
  const high = [...low];
  for (const position of voxels)
    indexOf(volume, position).forEach((place, axis) => {
      low[axis] = Math.min(low[axis]!, place);
      high[axis] = Math.max(high[axis]!, place);
    });
  return { boxLow: low as unknown as IndexIRC, boxHigh: high as unknown as IndexIRC };
};

/** Finds the marked voxel nearest to `at`, with distances in voxels; null if none is within reach. */
const nearestMarked = (volume: Volume, marked: (position: number) => boolean, at: IndexIRC): IndexIRC | null => {
  let best: IndexIRC | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = -REACH_VOXELS; i <= REACH_VOXELS; i++)
    for (let r = -REACH_VOXELS; r <= REACH_VOXELS; r++)
      for (let c = -REACH_VOXELS; c <= REACH_VOXELS; c++) {
        const place = indexIRC(at[0] + i, at[1] + r, at[2] + c);
        const distance = i * i + r * r + c * c;
        if (distance >= nearest || !isInside(volume, place) || !marked(positionOf(volume, place))) continue;
        nearest = distance;
        best = place;
      }
  return best;
};
