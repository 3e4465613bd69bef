import { NoduleTrainError } from '../../runtime/index.js';
import type { Shape3 } from '../grid/volume.js';
import type { Component } from './components.js';
import { grown, UnionFind } from './unionFind.js';

/**
 * Maximal runs of set voxels along the columns, in the order of memory. Run `n` covers the columns `start[n]` up to
 * `end[n]`, which is not included, of line `line[n]` (slice * rows + row). The arrays may be longer than `count`.
 */
export interface Runs {
  count: number;
  line: Int32Array;
  start: Int32Array;
  end: Int32Array;
}

/** A part of a slice: its first row and column, and its size. */
export interface SliceBox {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** Components as runs, for volumes too large to hold a label for every voxel. */
export interface ComponentRuns extends Runs {
  components: Component[];
  /** Label of each run's component. */
  label: Int32Array;
}

/**
 * Finds connected components while the slices of a mask stream, keeping runs instead of voxels. Neighbours share a face
 * (6), or a face, an edge or a corner (26). The time is that of reading the mask once, plus the number of runs.
 */
export class ComponentStream {
  readonly #shape: Shape3;
  readonly #connectivity: 6 | 26;
  readonly #sets = new UnionFind();
  #runs: Runs = { count: 0, line: new Int32Array(1024), start: new Int32Array(1024), end: new Int32Array(1024) };
  #slice = -1;
  /** Line `r` of the last slice has the runs `#first[r]` up to `#first[r + 1]`. */
  #first: Int32Array;
  /** The same for the slice before. */
  #before: Int32Array;

  constructor(shape: Shape3, connectivity: 6 | 26) {
    this.#shape = shape;
    this.#connectivity = connectivity;
    this.#first = new Int32Array(shape[1] + 1);
    this.#before = new Int32Array(shape[1] + 1);
  }

  /** The runs of all slices so far; changes with the next `add`. */
  get runs(): Readonly<Runs> {
    return this.#runs;
  }

  /**
   * Adds a slice; slices come in ascending order, and those never added are empty.
   * @param plane set voxels are not 0; `[rows, columns]` from index `from` on
   * @param box part of the slice to read; the rest counts as empty
   * @returns index of the first run of this slice
   * @throws NoduleTrainError `mask-shape` for a slice out of order or outside the shape
   */
  add(slice: number, plane: ArrayLike<number>, from = 0, box?: SliceBox): number {
    const [slices, rows, columns] = this.#shape;
    if (!(slice > this.#slice && slice < slices) || plane.length < from + rows * columns)
      throw new NoduleTrainError(
        'mask-shape',
        `finding connected components: slice ${slice} with ${plane.length - from} voxels came after slice ` +
          `${this.#slice}, expected ascending slices of the shape [${this.#shape.join(', ')}]`,
      );
    const follows = this.#slice >= 0 && slice === this.#slice + 1;
    [this.#before, this.#first] = [this.#first, this.#before];
    this.#slice = slice;
    const first = this.#first;
    const begin = this.#runs.count;
    const { top, left, height, width } = box ?? { top: 0, left: 0, height: rows, width: columns };
    for (let r = 0; r < rows; r++) {
      first[r] = this.#runs.count;
      if (r >= top && r < top + height) this.#findRuns(plane, from + r * columns, slice * rows + r, left, left + width);
    }
    first[rows] = this.#runs.count;
    this.#join(follows ? this.#before : null);
    return begin;
  }

  /** Returns the components of the slices added, numbered in the order of their first voxels. */
  finish(): ComponentRuns {
    const [, rows] = this.#shape;
    const { count, line, start, end } = this.#runs;
    const label = new Int32Array(count);
    const found: { voxels: number; sum: number[]; low: number[]; high: number[] }[] = [];
    for (let run = 0; run < count; run++) {
      const [from, to] = [start[run]!, end[run]!];
      const i = Math.floor(line[run]! / rows);
      const r = line[run]! - i * rows;
      // The root of a set is its first run, which has its label by now.
      const root = this.#sets.find(run);
      if (root === run) label[run] = found.push({ voxels: 0, sum: [0, 0, 0], low: [i, r, from], high: [i, r, to - 1] });
      else label[run] = label[root]!;
      const component = found[label[run]! - 1]!;
      const { sum, low, high } = component;
      const length = to - from;
      component.voxels += length;
      sum[0]! += i * length;
      sum[1]! += r * length;
      sum[2]! += (length * (from + to - 1)) / 2;
      // Lines come in order, so the first slice stays.
      high[0] = i;
      low[1] = Math.min(low[1]!, r);
      high[1] = Math.max(high[1]!, r);
      low[2] = Math.min(low[2]!, from);
      high[2] = Math.max(high[2]!, to - 1);
    }
    const components = found.map(({ voxels, sum, low, high }, index) => ({
      label: index + 1,
      voxels,
      centerIRC: [sum[0]! / voxels, sum[1]! / voxels, sum[2]! / voxels] as const,
      low: [low[0]!, low[1]!, low[2]!] as const,
      high: [high[0]!, high[1]!, high[2]!] as const,
    }));
    return { count, line, start, end, label, components };
  }

  #findRuns(plane: ArrayLike<number>, base: number, line: number, left: number, right: number): void {
    for (let c = left; c < right; c++) {
      if (plane[base + c] === 0) continue;
      const start = c;
      do c++;
      while (c < right && plane[base + c] !== 0);
      const { count } = this.#runs;
      if (count === this.#runs.start.length) {
        const { line, start, end } = this.#runs;
        this.#runs = { count, line: grown(line), start: grown(start), end: grown(end) };
      }
      const runs = this.#runs;
      runs.line[count] = line;
      runs.start[count] = start;
      runs.end[count] = c;
      runs.count++;
      this.#sets.add();
    }
  }

  #join(before: Int32Array | null): void {
    const rows = this.#shape[1];
    const first = this.#first;
    const corners = this.#connectivity === 26;
    for (let r = 0; r < rows; r++) {
      if (first[r] === first[r + 1]) continue;
      if (r > 0) this.#joinLines(first, r, first, r - 1);
      if (before === null) continue;
      this.#joinLines(first, r, before, r);
      if (!corners) continue;
      if (r > 0) this.#joinLines(first, r, before, r - 1);
      if (r + 1 < rows) this.#joinLines(first, r, before, r + 1);
    }
  }

  #joinLines(firstA: Int32Array, lineA: number, firstB: Int32Array, lineB: number): void {
    const { start, end } = this.#runs;
    // With corners, a run also touches one that starts at the column after its end.
    const reach = this.#connectivity === 26 ? 1 : 0;
    let a = firstA[lineA]!;
    let b = firstB[lineB]!;
    const endA = firstA[lineA + 1]!;
    const endB = firstB[lineB + 1]!;
    while (a < endA && b < endB) {
      if (start[a]! < end[b]! + reach && start[b]! < end[a]! + reach) this.#sets.join(a, b);
      if (end[a]! < end[b]!) a++;
      else b++;
    }
  }
}
