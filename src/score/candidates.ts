import { type Component, type Components, connectedComponents, type Shape3 } from '../ct/index.js';
import type { OperatingPoint } from './operatingPoint.js';

/** A 26-connected component of voxels above a threshold. */
export interface Candidate extends Component {
  /** Mean probability of its voxels, between the threshold and 1. */
  score: number;
}

export interface Candidates extends Components {
  components: Candidate[];
}

/** Finds all candidates of a probability volume `[slices, rows, columns]`. */
export function candidatesAbove(probabilities: Float32Array, shape: Shape3, threshold: number): Candidates {
  const mask = new Uint8Array(probabilities.length);
  for (let i = 0; i < mask.length; i++) mask[i] = probabilities[i]! > threshold ? 1 : 0;
  const { labels, components } = connectedComponents(mask, shape, 26);
  const sums = new Float64Array(components.length + 1);
  for (let i = 0; i < labels.length; i++) if (labels[i]! > 0) sums[labels[i]!]! += probabilities[i]!;
  return {
    labels,
    components: components.map((component) => ({ ...component, score: sums[component.label]! / component.voxels })),
  };
}

/** Whether a candidate counts as a nodule. */
export const isNodule = ({ voxels, score }: Candidate, { minimumVoxels, minimumScore }: OperatingPoint): boolean =>
  voxels >= minimumVoxels && score >= minimumScore;
