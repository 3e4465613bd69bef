import {
  type Component,
  type ComponentRuns,
  ComponentStream,
  type Components,
  labelVoxels,
  type Shape3,
  type SliceBox,
} from '../ct/index.js';
import type { OperatingPoint } from './operatingPoint.js';

/** A 26-connected component of voxels above a threshold. */
export interface Candidate extends Component {
  /** Mean probability of its voxels, between the threshold and 1. */
  score: number;
}

export interface Candidates extends Components {
  components: Candidate[];
}

/** Candidates of a scan whose probabilities streamed by, with their voxels as runs. */
export interface StreamedCandidates extends Omit<ComponentRuns, 'components'> {
  /** Numbered in the order of their first voxels. */
  components: Candidate[];
}

/** Finds the candidates of a scan while the slices of its probabilities stream, without keeping them. */
export class CandidateStream {
  readonly #shape: Shape3;
  readonly #threshold: number;
  readonly #stream: ComponentStream;
  readonly #mask: Uint8Array;
  /** Sum of the probabilities of each run. */
  #sums = new Float64Array(1024);

  constructor(shape: Shape3, threshold: number) {
    this.#shape = shape;
    this.#threshold = threshold;
    this.#stream = new ComponentStream(shape, 26);
    this.#mask = new Uint8Array(shape[1] * shape[2]);
  }

  /**
   * Adds the probabilities of a slice, `[rows, columns]`; they are not kept. Slices come in ascending order, and those
   * never added have no candidates.
   * @param box part of the slice outside of which every probability is 0
   * @throws NoduleTrainError `mask-shape` for a slice out of order or outside the shape
   */
  add(slice: number, plane: Float32Array, box?: SliceBox): void {
    const [, rows, columns] = this.#shape;
    const { top, left, height, width } = box ?? { top: 0, left: 0, height: rows, width: columns };
    const threshold = this.#threshold;
    const mask = this.#mask;
    for (let r = top; r < top + height; r++)
      for (let at = r * columns + left, end = at + width; at < end; at++) mask[at] = plane[at]! > threshold ? 1 : 0;
    const begin = this.#stream.add(slice, mask, 0, box);
    const { count, line, start, end } = this.#stream.runs;
    if (count > this.#sums.length) {
      const larger = new Float64Array(start.length);
      larger.set(this.#sums);
      this.#sums = larger;
    }
    for (let run = begin; run < count; run++) {
      const base = (line[run]! - slice * rows) * columns;
      let sum = 0;
      for (let at = base + start[run]!; at < base + end[run]!; at++) sum += plane[at]!;
      this.#sums[run] = sum;
    }
  }

  /** Returns the candidates of the slices added. */
  finish(): StreamedCandidates {
    const { components, ...runs } = this.#stream.finish();
    const sums = new Float64Array(components.length + 1);
    for (let run = 0; run < runs.count; run++) sums[runs.label[run]!]! += this.#sums[run]!;
    return {
      ...runs,
      components: components.map((component) => ({ ...component, score: sums[component.label]! / component.voxels })),
    };
  }
}

/** Finds all candidates of a probability volume `[slices, rows, columns]`. */
export function candidatesAbove(probabilities: Float32Array, shape: Shape3, threshold: number): Candidates {
  const [slices, rows, columns] = shape;
  const size = rows * columns;
  const stream = new CandidateStream(shape, threshold);
  for (let slice = 0; slice < slices; slice++)
    stream.add(slice, probabilities.subarray(slice * size, (slice + 1) * size));
  const found = stream.finish();
  return { labels: labelVoxels(found, shape), components: found.components };
}

/**
 * Lists the voxels of chosen candidates.
 * @returns by label: positions in the scan's array, ascending
 */
export function candidateVoxels(
  { count, line, start, end, label }: StreamedCandidates,
  columns: number,
  chosen: readonly Candidate[],
): Map<number, Int32Array> {
  const positions = new Map(chosen.map((candidate) => [candidate.label, new Int32Array(candidate.voxels)]));
  const filled = new Map<number, number>();
  for (let run = 0; run < count; run++) {
    const voxels = positions.get(label[run]!);
    if (voxels === undefined) continue;
    let next = filled.get(label[run]!) ?? 0;
    for (let c = start[run]!; c < end[run]!; c++) voxels[next++] = line[run]! * columns + c;
    filled.set(label[run]!, next);
  }
  return positions;
}

/** Whether a candidate counts as a nodule. */
export const isNodule = ({ voxels, score }: Candidate, { minimumVoxels, minimumScore }: OperatingPoint): boolean =>
  voxels >= minimumVoxels && score >= minimumScore;
