import type { Vector3 } from '../ct/volume.js';
import type { Anatomy } from './anatomy.js';
import type { Tube } from './drawTubes.js';
import type { LevelParameters } from './levels.js';
import type { Random } from './random.js';

const SEGMENTS_PER_LUNG = 6000;

interface Tip {
  at: Vector3;
  direction: Vector3;
  radius: number;
  /** Mm until the next fork. */
  left: number;
}

/**
 * Vessels from both hila into the lungs. They taper, bend away from the walls, give off side branches and fork by Murray's
 * law (1926): the cubes of the children's radii sum to the parent's.
 */
export function growVessels(anatomy: Anatomy, level: LevelParameters, random: Random): Tube[] {
  return [-1, 1].flatMap((side) => growLung(anatomy, level, random, side));
}

function growLung(anatomy: Anatomy, level: LevelParameters, random: Random, side: number): Tube[] {
  const tubes: Tube[] = [];
  const k = anatomy.scale;
  const open: Tip[] = [];
  for (let root = 0; root < level.vesselRoots; root++) {
    // Roots fan out over the lung's height; without this random directions leave the apex or the base empty.
    const turn = ((root + random.between(0.2, 0.8)) / level.vesselRoots) * Math.PI - Math.PI / 2;
    const direction = unit([side * (0.35 + Math.cos(turn)), random.between(-0.6, 0.7), 1.3 * Math.sin(turn)]);
    const at: Vector3 = [side * 30 * k, random.between(-6, 14) * k, random.between(-18, 18)];
    open.push({ at, direction, radius: random.between(2.8, 4.6), left: random.between(14, 30) });
  }
  while (open.length > 0 && tubes.length < SEGMENTS_PER_LUNG) {
    // Breadth first, so that the limit cuts the finest.
    const tip = open.shift()!;
    const grown = growBranch(anatomy, level, random, tip, tubes);
    open.push(...grown);
  }
  return tubes;
}

function growBranch(anatomy: Anatomy, level: LevelParameters, random: Random, tip: Tip, tubes: Tube[]): Tip[] {
  const children: Tip[] = [];
  let { at, direction, radius, left } = tip;
  const hu = random.between(25, 55);
  while (left > 0) {
    const step = Math.min(left, 3 + radius);
    direction = bend(anatomy, random, at, direction, step, radius);
    const to: Vector3 = [at[0] + direction[0] * step, at[1] + direction[1] * step, at[2] + direction[2] * step];
    const next = radius * (1 - 0.006 * step);
    // Vessels reach the walls only when they are thin.
    const depth = anatomy.lungDepth(to[0], to[1], to[2]);
    if (depth < 1 + radius && tubes.length > level.vesselRoots * 8 && radius < 2.5) return children;
    tubes.push({ from: at, to, radiusFrom: radius, radiusTo: next, hu });
    if (radius > 1 && random.next() < 0.05 * step) {
      const side = radius * random.between(0.35, 0.55);
      if (side > level.smallestVesselMm) children.push(branch(random, to, direction, side, 0.9));
    }
    at = to;
    radius = next;
    left -= step;
  }
  if (radius < level.smallestVesselMm) return children;
  const major = radius * random.between(0.74, 0.93);
  const minor = Math.cbrt(radius ** 3 - major ** 3);
  children.push(branch(random, at, direction, major, 0.35));
  if (minor > level.smallestVesselMm) children.push(branch(random, at, direction, minor, 0.75));
  return children.filter((child) => child.radius > level.smallestVesselMm);
}

function branch(random: Random, at: Vector3, direction: Vector3, radius: number, turn: number): Tip {
  const aside = random.direction();
  return {
    at,
    direction: unit([direction[0] + turn * aside[0], direction[1] + turn * aside[1], direction[2] + turn * aside[2]]),
    radius,
    left: radius * random.between(3.5, 7) + 4,
  };
}

/** Of a few directions near the last one, that which stays deepest in the lung. */
function bend(anatomy: Anatomy, random: Random, at: Vector3, was: Vector3, step: number, radius: number): Vector3 {
  let best = was;
  let most = Number.NEGATIVE_INFINITY;
  for (let n = 0; n < 3; n++) {
    const aside = random.direction();
    const tried = unit([was[0] + 0.28 * aside[0], was[1] + 0.28 * aside[1], was[2] + 0.28 * aside[2]]);
    const ahead = step + 4;
    const depth = anatomy.lungDepth(at[0] + tried[0] * ahead, at[1] + tried[1] * ahead, at[2] + tried[2] * ahead);
    const worth = Math.min(depth, 4 + 3 * radius) + random.next();
    if (worth > most) {
      most = worth;
      best = tried;
    }
  }
  return best;
}

export function unit([x, y, z]: Vector3): Vector3 {
  const length = Math.sqrt(x * x + y * y + z * z) || 1;
  return [x / length, y / length, z / length];
}
