import { knownSpacing } from '../grid/geometry.js';
import { storedValue, type Volume } from '../grid/volume.js';
import { closeInPlane } from './closeInPlane.js';
import { connectedComponents } from './components.js';

/** Between lung and air on one side and fat and muscle on the other. */
const tissueAboveHu = -500;
/** Half of what the shell of a table is thick at most; the skin behind it stays. */
const openingMm = 3;

/**
 * The body in one slice `[rows, columns]`, 1 inside: the largest piece of tissue thicker than a table's shell, with its holes (lungs,
 * bowel) filled. A lung that the image cuts is open to its side and not in it. All 0 where there is no tissue. Throws 'spacing-unknown'.
 */
export function bodyInSlice(volume: Volume, slice: number): Uint8Array {
  const [sx, sy] = knownSpacing(volume, 'finding the body in a slice');
  const [, rows, columns] = volume.shape;
  const plane = volume.voxels.subarray(slice * rows * columns, (slice + 1) * rows * columns);
  const cut = storedValue(volume, tissueAboveHu);
  const mask = Uint8Array.from(plane, (value) => (value < cut ? 1 : 0));
  // Closing what is dark opens what is not: shells and tubes go.
  closeInPlane(mask, rows, columns, openingMm / ((sx + sy) / 2));
  for (let at = 0; at < mask.length; at++) mask[at] = 1 - mask[at]!;
  const tissue = connectedComponents(mask, [1, rows, columns], 26);
  const [largest] = tissue.components.sort((a, b) => b.voxels - a.voxels);
  if (largest === undefined) return mask;
  for (let at = 0; at < mask.length; at++) mask[at] = tissue.labels[at] === largest.label ? 0 : 1;
  const rest = connectedComponents(mask, [1, rows, columns], 6);
  const outside = new Uint8Array(rest.components.length + 1);
  for (const { label, low, high } of rest.components) {
    if (low[1] === 0 || low[2] === 0 || high[1] === rows - 1 || high[2] === columns - 1) outside[label] = 1;
  }
  for (let at = 0; at < mask.length; at++) mask[at] = outside[rest.labels[at]!] === 1 ? 0 : 1;
  return mask;
}
