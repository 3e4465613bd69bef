import { knownSpacing } from '../grid/geometry.js';
import { storedValue, type Volume } from '../grid/volume.js';
import { closeInPlane } from './closeInPlane.js';
import { connectedComponents, touchesSide } from './components.js';

/** Separates lung and air from fat and muscle. */
const tissueAboveHu = -500;
/** Half the largest thickness of a table's shell; skin is kept. */
const openingMm = 3;

/**
 * Finds the body in one slice `[rows, columns]`, 1 inside: the largest piece of tissue thicker than a table's shell,
 * with its holes (lungs, bowel) filled. A lung cut by the edge of the image is open to the outside and not included.
 * All 0 where there is no tissue.
 * @throws NoduleTrainError `spacing-unknown`
 */
export function bodyInSlice(volume: Volume, slice: number): Uint8Array {
  const [sx, sy] = knownSpacing(volume, 'finding the body in a slice');
  const [, rows, columns] = volume.shape;
  const plane = volume.voxels.subarray(slice * rows * columns, (slice + 1) * rows * columns);
  const cut = storedValue(volume, tissueAboveHu);
  const mask = Uint8Array.from(plane, (value) => (value < cut ? 1 : 0));
  // Closing the dark voxels opens the bright ones, which removes shells and tubes.
  closeInPlane(mask, rows, columns, openingMm / ((sx + sy) / 2));
  for (let at = 0; at < mask.length; at++) mask[at] = 1 - mask[at]!;
  const tissue = connectedComponents(mask, [1, rows, columns], 26);
  const [largest] = tissue.components.sort((a, b) => b.voxels - a.voxels);
  if (largest === undefined) return mask;
  for (let at = 0; at < mask.length; at++) mask[at] = tissue.labels[at] === largest.label ? 0 : 1;
  const rest = connectedComponents(mask, [1, rows, columns], 6);
  const outside = new Uint8Array(rest.components.length + 1);
  for (const component of rest.components) if (touchesSide(component, volume.shape)) outside[component.label] = 1;
  for (let at = 0; at < mask.length; at++) mask[at] = outside[rest.labels[at]!] === 1 ? 0 : 1;
  return mask;
}
