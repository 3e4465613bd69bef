import type { Vector3 } from '../ct/index.js';
import type { Random } from './random.js';

/** A closed surface around a centre, given by its radius in each direction. */
export interface NoduleShape {
  center: Vector3;
  /** Mean radius in mm. */
  radius: number;
  /** Directions with their relative stretch. */
  axes: readonly [Vector3, number][];
  bumps: readonly { direction: Vector3; height: number; order: 2 | 3 | 5 }[];
  /** Lobules, dents and spicules: height relative to the radius, and width as a cosine's distance from 1. */
  knobs?: readonly { direction: Vector3; height: number; width: number }[];
}

/** Draws an ellipsoid with axes within ±12 % of `radius` and bumps that deviate by at most about `irregularity`. */
export function randomShape(center: Vector3, radius: number, irregularity: number, random: Random): NoduleShape {
  const bumps = Array.from({ length: 6 }, (_, n) => ({
    direction: random.direction() as Vector3,
    height: (irregularity * random.between(-0.5, 0.5) * 3) / (3 + n),
    order: ([2, 3, 5] as const)[n % 3]!,
  }));
  const axes = Array.from(
    { length: 2 },
    () => [random.direction() as Vector3, random.between(-0.12, 0.12)] as [Vector3, number],
  );
  return { center, radius, axes, bumps };
}

/** Distance of the surface from the centre along a unit direction, in mm. */
export function radiusAlong({ radius, axes, bumps, knobs = [] }: NoduleShape, x: number, y: number, z: number): number {
  let factor = 1;
  for (const [axis, stretch] of axes) {
    const t = axis[0] * x + axis[1] * y + axis[2] * z;
    factor += stretch * (1.5 * t * t - 0.5);
  }
  for (const { direction, height, order } of bumps) {
    const t = direction[0] * x + direction[1] * y + direction[2] * z;
    // Legendre polynomials: each adds bumps of one scale, and no volume to first order.
    if (order === 2) factor += height * (1.5 * t * t - 0.5);
    else if (order === 3) factor += height * t * (2.5 * t * t - 1.5);
    else factor += height * t * (t * t * (7.875 * t * t - 8.75) + 1.875);
  }
  for (const { direction, height, width } of knobs) {
    const off = 1 - (direction[0] * x + direction[1] * y + direction[2] * z);
    if (off < 5 * width) factor += height * Math.exp(-off / width);
  }
  return radius * factor;
}

type Range = readonly [low: number, high: number];

/** Draws knobs in random directions; their widths are uniform in the logarithm. */
export const randomKnobs = (count: Range, height: Range, width: Range, random: Random): NoduleShape['knobs'] & {} =>
  Array.from({ length: random.integer(count[0], count[1]) }, () => ({
    direction: random.direction() as Vector3,
    height: random.between(height[0], height[1]),
    width: random.betweenLog(width[0], width[1]),
  }));
