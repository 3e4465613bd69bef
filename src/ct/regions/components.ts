import { NoduleTrainError } from '../../runtime/index.js';
import type { Shape3 } from '../grid/volume.js';
import { UnionFind } from './unionFind.js';

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
 *
 * It works on runs along the columns, so the time is that of reading the mask once, plus the number of runs.
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
  const runs = findRuns(mask, shape);
  const sets = joinRuns(runs, shape, connectivity);
  return summarize(runs, sets, shape);
}

/**
 * Maximal runs of set voxels; line `l` (slice * rows + row) has the runs `firstOfLine[l]` up to `firstOfLine[l + 1]`.
 */
interface Runs {
  start: Int32Array;
  /** One past the last column. */
  end: Int32Array;
  count: number;
  firstOfLine: Int32Array;
}

function findRuns(mask: ArrayLike<number>, [slices, rows, columns]: Shape3): Runs {
  const lines = slices * rows;
  const firstOfLine = new Int32Array(lines + 1);
  let start = new Int32Array(1024);
  let end = new Int32Array(1024);
  let count = 0;
  for (let line = 0; line < lines; line++) {
    firstOfLine[line] = count;
    const base = line * columns;
    for (let c = 0; c < columns; c++) {
      if (mask[base + c] === 0) continue;
      if (count === start.length) {
        start = grown(start);
        end = grown(end);
      }
      start[count] = c;
      do c++;
      while (c < columns && mask[base + c] !== 0);
      end[count++] = c;
    }
  }
  firstOfLine[lines] = count;
  return { start, end, count, firstOfLine };
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function joinRuns(runs: Runs, [slices, rows]: Shape3, connectivity: 6 | 26): UnionFind {
  const sets = new UnionFind(runs.count);
  // With corners, a run also touches one that starts at the column after its end.
  const reach = connectivity === 26 ? 1 : 0;
  for (let i = 0; i < slices; i++) {
    for (let r = 0; r < rows; r++) {
      const line = i * rows + r;
      if (runs.firstOfLine[line] === runs.firstOfLine[line + 1]) continue;
      if (r > 0) joinLines(runs, sets, line, line - 1, reach);
      if (i === 0) continue;
      joinLines(runs, sets, line, line - rows, reach);
      if (connectivity === 6) continue;
      if (r > 0) joinLines(runs, sets, line, line - rows - 1, reach);
      if (r + 1 < rows) joinLines(runs, sets, line, line - rows + 1, reach);
    }
  }
  return sets;
}

function joinLines({ start, end, firstOfLine }: Runs, sets: UnionFind, lineA: number, lineB: number, reach: number) {
  let a = firstOfLine[lineA]!;
  let b = firstOfLine[lineB]!;
  const endA = firstOfLine[lineA + 1]!;
  const endB = firstOfLine[lineB + 1]!;
  while (a < endA && b < endB) {
    if (start[a]! < end[b]! + reach && start[b]! < end[a]! + reach) sets.join(a, b);
    if (end[a]! < end[b]!) a++;
    else b++;
  }
}

/** Whether a component reaches the sides of the image, in its slices. */
export const touchesSide = ({ low, high }: Component, [, rows, columns]: Shape3): boolean =>
  low[1] === 0 || low[2] === 0 || high[1] === rows - 1 || high[2] === columns - 1;

function summarize(runs: Runs, sets: UnionFind, [slices, rows, columns]: Shape3): Components {
  const labels = new Int32Array(slices * rows * columns);
  const labelOfRoot = new Int32Array(runs.count);
  const found: { voxels: number; sum: number[]; low: number[]; high: number[] }[] = [];
  for (let line = 0; line < slices * rows; line++) {
    for (let run = runs.firstOfLine[line]!; run < runs.firstOfLine[line + 1]!; run++) {
      const start = runs.start[run]!;
      const end = runs.end[run]!;
      const i = Math.floor(line / rows);
      const r = line - i * rows;
      const root = sets.find(run);
      let label = labelOfRoot[root]!;
      if (label === 0) {
        label = found.push({ voxels: 0, sum: [0, 0, 0], low: [i, r, start], high: [i, r, end - 1] });
        labelOfRoot[root] = label;
      }
      labels.fill(label, line * columns + start, line * columns + end);
      const { sum, low, high } = found[label - 1]!;
      const length = end - start;
      found[label - 1]!.voxels += length;
      sum[0]! += i * length;
      sum[1]! += r * length;
      sum[2]! += (length * (start + end - 1)) / 2;
      // Lines come in order, so the first slice stays.
      high[0] = i;
      low[1] = Math.min(low[1]!, r);
      high[1] = Math.max(high[1]!, r);
      low[2] = Math.min(low[2]!, start);
      high[2] = Math.max(high[2]!, end - 1);
    }
  }
  const components = found.map(({ voxels, sum, low, high }, index) => ({
    label: index + 1,
    voxels,
    centerIRC: [sum[0]! / voxels, sum[1]! / voxels, sum[2]! / voxels] as const,
    low: [low[0]!, low[1]!, low[2]!] as const,
    high: [high[0]!, high[1]!, high[2]!] as const,
  }));
  return { labels, components };
}
