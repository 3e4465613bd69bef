import { connectedComponents, type Index3, type Shape3, type Volume } from '../ct/index.js';
import type { Candidate, Candidates } from './candidates.js';

/**
 * Groups voxels above a threshold as the book does (chapter 14), fault 20 included: one erosion by the six neighbours,
 * where outside the scan counts as empty, then 6-connected components. It deletes every nodule that is at most two
 * voxels thick. Centres are weighted by HU clipped to ±1000 plus 1001.
 * @param probabilities `[slices, rows, columns]`
 */
export function bookCandidates(volume: Volume, probabilities: Float32Array, threshold: number): Candidates {
  const { shape } = volume;
  const { labels, components } = connectedComponents(erodedAbove(probabilities, shape, threshold), shape, 6);
  const scores = new Float64Array(components.length + 1);
  for (let at = 0; at < labels.length; at++) if (labels[at] !== 0) scores[labels[at]!]! += probabilities[at]!;
  return {
    labels,
    components: components.map(
      (component): Candidate => ({
        ...component,
        centerIRC: weightedCenter(volume, labels, component),
        score: scores[component.label]! / component.voxels,
      }),
    ),
  };
}

/** 1 where a voxel and its six neighbours are above the threshold. */
function erodedAbove(probabilities: Float32Array, [slices, rows, columns]: Shape3, threshold: number): Uint8Array {
  const mask = new Uint8Array(probabilities.length);
  const plane = rows * columns;
  const steps = [0, 1, -1, columns, -columns, plane, -plane];
  for (let i = 1; i + 1 < slices; i++) {
    for (let r = 1; r + 1 < rows; r++) {
      for (let at = (i * rows + r) * columns + 1, end = at + columns - 2; at < end; at++)
        if (probabilities[at]! > threshold && steps.every((step) => probabilities[at + step]! > threshold))
          mask[at] = 1;
    }
  }
  return mask;
}

function weightedCenter(
  { voxels, scale, offset, shape: [, rows, columns] }: Volume,
  labels: Int32Array,
  { label, low, high }: Pick<Candidate, 'label' | 'low' | 'high'>,
): Index3 {
  let [total, slices, rowSum, columnSum] = [0, 0, 0, 0];
  for (let i = low[0]; i <= high[0]; i++) {
    for (let r = low[1]; r <= high[1]; r++) {
      for (let c = low[2], at = (i * rows + r) * columns + c; c <= high[2]; c++, at++) {
        if (labels[at] !== label) continue;
        const weight = Math.min(Math.max(voxels[at]! * scale + offset, -1000), 1000) + 1001;
        total += weight;
        slices += weight * i;
        rowSum += weight * r;
        columnSum += weight * c;
      }
    }
  }
  return [slices / total, rowSum / total, columnSum / total];
}
