import { type Component, connectedComponents } from './components.js';
import { knownSpacing } from './geometry.js';
import { type Shape3, storedValue, type Volume } from './volume.js';

/** Lung is darker than this; airways are too. */
const LUNG_BELOW_HU = -500;
/** Bays of the wall up to twice as wide are taken in: juxtapleural nodules, and vessels near the hilum. */
const CLOSING_MM = 10;
/** A second lung, or a part of one, has at least this share of the largest; smaller air is bowel or background. */
const LEAST_SHARE = 0.1;

/**
 * A simple lung mask without learning, 1 inside: dark voxels that do not reach the sides of the image, the large ones of their 6-connected
 * components, closed in each slice with a disc of 10 mm so that vessels and nodules at the wall are inside.
 * `[slices, rows, columns]`; throws 'spacing-unknown'.
 */
export function lungMask(volume: Volume): Uint8Array {
  const [sx, sy] = knownSpacing(volume, 'making a lung mask');
  const cut = storedValue(volume, LUNG_BELOW_HU);
  const dark = new Uint8Array(volume.voxels.length);
  for (let at = 0; at < dark.length; at++) dark[at] = volume.voxels[at]! < cut ? 1 : 0;
  const { labels, components } = connectedComponents(dark, volume.shape, 6);
  const inner = components.filter((component) => !touchesSide(component, volume.shape));
  const least = LEAST_SHARE * inner.reduce((most, { voxels }) => Math.max(most, voxels), 0);
  const kept = new Uint8Array(components.length + 1);
  for (const { label, voxels } of inner) kept[label] = voxels >= least ? 1 : 0;
  for (let at = 0; at < dark.length; at++) dark[at] = kept[labels[at]!]!;
  const plane = volume.shape[1] * volume.shape[2];
  const closing = CLOSING_MM / ((sx + sy) / 2);
  for (let i = 0; i < volume.shape[0]; i++) {
    close(dark.subarray(i * plane, (i + 1) * plane), volume.shape[1], volume.shape[2], closing);
  }
  return dark;
}

const touchesSide = ({ low, high }: Component, [, rows, columns]: Shape3): boolean =>
  low[1] === 0 || low[2] === 0 || high[1] === rows - 1 || high[2] === columns - 1;

/** Sets what no disc of `radius` pixels outside the mask can reach; beyond the image is outside too. */
function close(mask: Uint8Array, rows: number, columns: number, radius: number): void {
  if (!mask.includes(1)) return;
  // Discs may lie partly beyond the image, or a lung near its edge would not be closed there.
  const margin = Math.ceil(radius) + 2;
  const wide = columns + 2 * margin;
  const high = rows + 2 * margin;
  const distance = new Float32Array(wide * high).fill(FAR);
  const place = (r: number) => (r + margin) * wide + margin;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) if (mask[r * columns + c]) distance[place(r) + c] = 0;
  }
  spread(distance, high, wide);
  for (let at = 0; at < distance.length; at++) distance[at] = distance[at]! > radius ? 0 : FAR;
  spread(distance, high, wide);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) if (distance[place(r) + c]! > radius) mask[r * columns + c] = 1;
  }
}

const FAR = 1e6;

/** Makes of 0 at set pixels and FAR elsewhere the distance in pixels to the nearest set one, by a 3-4 chamfer (Borgefors 1986; within 8 %). */
function spread(distance: Float32Array, rows: number, columns: number): void {
  for (const step of [1, -1] as const) {
    const [firstRow, firstColumn] = step === 1 ? [1, 1] : [rows - 2, columns - 2];
    for (let r = firstRow, left = rows - 2; left > 0; left--, r += step) {
      for (let at = r * columns + firstColumn, more = columns - 2; more > 0; more--, at += step) {
        const last = at - step * columns;
        const straight = Math.min(distance[at - step]!, distance[last]!) + 1;
        const slanted = Math.min(distance[last - 1]!, distance[last + 1]!) + 4 / 3;
        distance[at] = Math.min(distance[at]!, straight, slanted);
      }
    }
  }
}
