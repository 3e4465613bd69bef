import { NoduleTrainError } from '../../runtime/index.js';
import type { Shape3 } from '../grid/volume.js';
import { type ComponentRuns, ComponentStream } from './componentStream.js';

/** [slice, row, column] */
export type Index3 = readonly [number, number, number];

/** One connected component. */
export interface Component {
  /** Its number in `labels`, from 1, in the order of the first voxels. */
  label: number;
  voxels: number;
  /** Mean index of its voxels, fractional. */
  centerIRC: Index3;
  /** First and last corner of its bounding box, both inclusive. */
  low: Index3;
  high: Index3;
}

export interface Components {
  /** `[slices, rows, columns]`: 0 for background, else the label of the component. */
  labels: Int32Array;
  components: Component[];
}

/**
 * Finds the connected components of the non-zero voxels of a mask `[slices, rows, columns]`. Neighbours share a face
 * (6), or a face, an edge or a corner (26).
 * @throws NoduleTrainError `mask-shape` if the mask does not have the voxels of its shape
 */
export function connectedComponents(mask: ArrayLike<number>, shape: Shape3, connectivity: 6 | 26): Components {
  const [slices, rows, columns] = shape;
  if (mask.length !== slices * rows * columns) {
    throw new NoduleTrainError(
      'mask-shape',
      `finding connected components: the mask has ${mask.length} voxels, expected ${slices * rows * columns} for ` +
        `the shape [${shape.join(', ')}]`,
    );
  }
  const stream = new ComponentStream(shape, connectivity);
  for (let slice = 0; slice < slices; slice++) stream.add(slice, mask, slice * rows * columns);
  const found = stream.finish();
  return { labels: labelVoxels(found, shape), components: found.components };
}

/** Writes the label of each component into its voxels, `[slices, rows, columns]`. */
export function labelVoxels({ count, line, start, end, label }: ComponentRuns, shape: Shape3): Int32Array {
  const [slices, rows, columns] = shape;
  const labels = new Int32Array(slices * rows * columns);
  for (let run = 0; run < count; run++)
    labels.fill(label[run]!, line[run]! * columns + start[run]!, line[run]! * columns + end[run]!);
  return labels;
}

/** Whether a component reaches the sides of the image, in its slices. */
export const touchesSide = ({ low, high }: Component, [, rows, columns]: Shape3): boolean =>
  low[1] === 0 || low[2] === 0 || high[1] === rows - 1 || high[2] === columns - 1;
