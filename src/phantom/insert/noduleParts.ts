import {
  connectedComponents,
  indexIRC,
  indexToWorld,
  knownSpacing,
  type Volume,
  worldToIndex,
} from '../../ct/index.js';
import type { ExistingNodule } from './insertNodules.js';

/**
 * Lists the 26-connected parts of a mask, each with its centroid and the diameter of the ball around its bounding box;
 * without those that contain a point of `known`.
 */
export function noduleParts(volume: Volume, mask: Uint8Array, known: readonly ExistingNodule[]): ExistingNodule[] {
  const [sx, sy, sz] = knownSpacing(volume, 'reading the nodules of a mask');
  const places = known.map(({ center }) => worldToIndex(volume, center));
  return connectedComponents(mask, volume.shape, 26)
    .components.filter(
      ({ low, high }) =>
        !places.some((place) => place.every((at, axis) => at >= low[axis]! - 0.5 && at <= high[axis]! + 0.5)),
    )
    .map(({ centerIRC, low, high }) => ({
      center: indexToWorld(volume, indexIRC(...centerIRC)),
      diameterMm: Math.hypot((high[0] - low[0] + 1) * sz, (high[1] - low[1] + 1) * sy, (high[2] - low[2] + 1) * sx),
    }));
}
