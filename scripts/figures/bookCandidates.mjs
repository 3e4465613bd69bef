// The book's grouping of a scan's probabilities (chapter 14), including its faults, for comparisons on phantoms and
// real scans.
import { connectedComponents } from '../../dist/ct/index.js';

/**
 * Groups voxels above one half into 6-connected components after one erosion by their six neighbours (outside the scan
 * counts as empty).
 * @param probabilities `[slices, rows, columns]` in C order
 * @returns the mask before erosion, and for each component its voxel count and its centre (slice, row, column),
 *   weighted by clipped HU + 1001
 */
export function bookCandidates(volume, probabilities) {
  const { voxels, shape } = volume;
  const mask = Uint8Array.from(probabilities, (probability) => (probability > 0.5 ? 1 : 0));
  const { labels, components } = connectedComponents(erode(mask, shape), shape, 6);
  const sums = components.map(() => [0, 0, 0, 0]);
  const [, rows, columns] = shape;
  for (let at = 0; at < labels.length; at++) {
    if (labels[at] === 0) continue;
    const sum = sums[labels[at] - 1];
    const weight = Math.min(Math.max(voxels[at], -1000), 1000) + 1001;
    const line = Math.floor(at / columns);
    sum[0] += weight;
    sum[1] += weight * Math.floor(line / rows);
    sum[2] += weight * (line % rows);
    sum[3] += weight * (at % columns);
  }
  return {
    mask,
    candidates: components.map(({ voxels: size }, n) => {
      const [weight, ...moments] = sums[n];
      return { voxels: size, centerIRC: moments.map((moment) => moment / weight) };
    }),
  };
}

function erode(mask, [slices, rows, columns]) {
  const out = new Uint8Array(mask.length);
  const plane = rows * columns;
  for (let i = 1; i + 1 < slices; i++)
    for (let r = 1; r + 1 < rows; r++)
      for (let at = i * plane + r * columns + 1, end = at + columns - 2; at < end; at++)
        out[at] =
          mask[at] &
          mask[at - 1] &
          mask[at + 1] &
          mask[at - columns] &
          mask[at + columns] &
          mask[at - plane] &
          mask[at + plane];
  return out;
}
