import type { Vector3 } from '../../ct/index.js';
import { type NoduleShape, randomKnobs, randomShape } from '../noduleShape.js';
import type { Random } from '../random.js';

export type InsertedShape = 'round' | 'lobulated' | 'spiculated';

/** Irregularity of the ellipsoid, and stretch along one axis. */
const PARAMETERS = {
  round: { irregularity: 0.12, stretch: [-0.1, 0.2] },
  lobulated: { irregularity: 0.3, stretch: [-0.15, 0.45] },
  spiculated: { irregularity: 0.3, stretch: [-0.15, 0.35] },
} as const;

/**
 * Draws a surface of mean radius 1 around the origin: the phantoms' ellipsoid with bumps and small unevenness; for
 * lobulated ones also lobules and dents, and for spiculated ones spicules as well.
 */
export function drawSurface(shape: InsertedShape, random: Random): NoduleShape {
  const { irregularity, stretch } = PARAMETERS[shape];
  const surface = randomShape([0, 0, 0], 1, irregularity, random);
  const along = [random.direction() as Vector3, random.between(stretch[0], stretch[1])] as const;
  const knobs = [...randomKnobs([12, 20], [-0.1, 0.1], [0.01, 0.06], random)];
  if (shape !== 'round') knobs.push(...randomKnobs([7, 12], [-0.25, 0.4], [0.05, 0.2], random));
  if (shape === 'spiculated') knobs.push(...randomKnobs([8, 16], [0.25, 0.9], [0.003, 0.02], random));
  return { ...surface, axes: [...surface.axes, [along[0], along[1]]], knobs };
}
