import type { Vector3 } from '../ct/index.js';
import type { Anatomy } from './anatomy.js';
import type { Tube } from './drawTubes.js';
import type { LevelParameters } from './levels.js';
import type { Random } from './random.js';

/** Limit on the segments of a lung, before twigs. */
const SEGMENTS_PER_LUNG = 6000;

/** The growing end of a branch. */
interface Tip {
  at: Vector3;
  direction: Vector3;
  radius: number;
  /** Length until the next fork in mm. */
  left: number;
  /** Place in the lung that it grows towards. */
  target: Vector3;
}

/**
 * Grows vessels from both hila into the lungs. They taper, bend away from the walls, give off side branches and fork by
 * Murray's law (1926): the cubes of the children's radii add up to the cube of the parent's.
 */
export function growVessels(anatomy: Anatomy, level: LevelParameters, random: Random): Tube[] {
  return [-1, 1].flatMap((side) => growLung(anatomy, level, random, side));
}

function growLung(anatomy: Anatomy, level: LevelParameters, random: Random, side: number): Tube[] {
  const tubes: Tube[] = [];
  const k = anatomy.scale;
  const open: Tip[] = [];
  for (let root = 0; root < level.vesselRoots; root++) {
    const at: Vector3 = [side * 30 * k, random.between(-8, 16) * k, random.between(-18, 18)];
    // Targets all over the lung: vessels without one leave the apex, the base and the corners empty.
    const target = placeInLung(anatomy, random, () => [
      side * random.between(35, 125) * k,
      random.between(-85, 80) * k,
      (random.between(-0.8, 0.8) + (2 * root) / level.vesselRoots - 1) * 65,
    ]);
    const direction = unit([target[0] - at[0], target[1] - at[1], target[2] - at[2]]);
    open.push({ at, direction, radius: random.between(2.8, 4.6), left: random.between(12, 26), target });
  }
  while (open.length > 0 && tubes.length < SEGMENTS_PER_LUNG) {
    // Breadth first, so that the limit on segments drops the finest branches.
    const tip = open.shift()!;
    const grown = growBranch(anatomy, level, random, tip, tubes);
    open.push(...grown);
  }
  growTwigs(anatomy, level, random, side, tubes);
  return tubes;
}

/** Places per lung that are tried for a twig. */
const TWIGS_PER_LUNG = 1800;

/** Grows a twig from the nearest vessel to each place far from all vessels, so that no part of a lung stays empty. */
function growTwigs(anatomy: Anatomy, level: LevelParameters, random: Random, side: number, tubes: Tube[]): void {
  const k = anatomy.scale;
  const ends = new Ends(tubes);
  for (let n = 0; n < TWIGS_PER_LUNG; n++) {
    const place: Vector3 = [
      side * random.between(8, 130) * k,
      random.between(-95, 95) * k,
      random.between(anatomy.baseZ, anatomy.apexZ),
    ];
    if (anatomy.lungDepth(place[0], place[1], place[2]) < 4) continue;
    const { index, distance } = ends.nearest(place);
    if (distance < 7 || distance > 60) continue;
    const from = tubes[index]!;
    const pieces = Math.ceil(distance / 5);
    let radius = Math.min(Math.max(from.radiusTo, 0.8), level.smallestVesselMm + 0.02 * distance);
    const thinning = (radius - level.smallestVesselMm * 0.8) / pieces;
    let at = from.to;
    for (let left = pieces; left > 0; left--) {
      const step = add(at, [place[0] - at[0], place[1] - at[1], place[2] - at[2]], 1 / left);
      const to = left === 1 ? place : add(step, random.direction(), 1.2);
      tubes.push({ from: at, to, radiusFrom: radius, radiusTo: radius - thinning, hu: from.hu });
      ends.add(to);
      radius -= thinning;
      at = to;
    }
  }
}

/** End points of tubes in one flat array, for thousands of searches among thousands of points. */
class Ends {
  #places = new Float64Array(3 * 4096);
  #count = 0;

  constructor(tubes: readonly Tube[]) {
    for (const { to } of tubes) this.add(to);
  }

  add(place: Vector3): void {
    if (3 * this.#count === this.#places.length) {
      const larger = new Float64Array(this.#places.length * 2);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places.set(place, 3 * this.#count++);
  }

  nearest([x, y, z]: Vector3): { index: number; distance: number } {
    const places = this.#places;
    let index = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let n = 0, at = 0; n < this.#count; n++, at += 3) {
      const dx = places[at]! - x;
      const dy = places[at + 1]! - y;
      const dz = places[at + 2]! - z;
      const squared = dx * dx + dy * dy + dz * dz;
      if (squared < least) {
        least = squared;
        index = n;
      }
    }
    return { index, distance: Math.sqrt(least) };
  }
}

function growBranch(anatomy: Anatomy, level: LevelParameters, random: Random, tip: Tip, tubes: Tube[]): Tip[] {
  const children: Tip[] = [];
  let { at, direction, radius, left } = tip;
  const hu = random.between(25, 55);
  while (left > 0) {
    const step = Math.min(left, 3 + radius);
    direction = bend(anatomy, random, at, direction, step, radius, tip.target);
    const to: Vector3 = [at[0] + direction[0] * step, at[1] + direction[1] * step, at[2] + direction[2] * step];
    const next = radius * (1 - 0.004 * step);
    // Only thin vessels end at the walls.
    const depth = anatomy.lungDepth(to[0], to[1], to[2]);
    if (depth < 1 + radius && tubes.length > level.vesselRoots * 8 && radius < 2.5) return children;
    tubes.push({ from: at, to, radiusFrom: radius, radiusTo: next, hu });
    if (radius > 1 && random.next() < 0.05 * step) {
      const side = radius * random.between(0.35, 0.55);
      if (side > level.smallestVesselMm) children.push(branch(anatomy, random, to, direction, side, 0.9));
    }
    at = to;
    radius = next;
    left -= step;
  }
  if (radius < level.smallestVesselMm) return children;
  const major = radius * random.between(0.76, 0.94);
  const minor = Math.cbrt(radius ** 3 - major ** 3);
  children.push(branch(anatomy, random, at, direction, major, 0.3));
  if (minor > level.smallestVesselMm) children.push(branch(anatomy, random, at, direction, minor, 0.75));
  return children.filter((child) => child.radius > level.smallestVesselMm);
}

function branch(anatomy: Anatomy, random: Random, at: Vector3, direction: Vector3, radius: number, turn: number): Tip {
  const aside = random.direction();
  const start = unit(add(direction, aside, turn));
  const reach = 12 + 18 * radius;
  const target = placeInLung(anatomy, random, () => add(at, add(start, random.direction(), 0.9), reach));
  return { at, direction: start, radius, left: radius * random.between(4, 8) + 4, target };
}

/** Draws up to nine places and returns the first one inside the lung, else the last one. */
function placeInLung(anatomy: Anatomy, random: Random, draw: () => Vector3): Vector3 {
  let place = draw();
  for (let n = 0; n < 8 && anatomy.lungDepth(place[0], place[1], place[2]) < random.between(2, 8); n++) place = draw();
  return place;
}

/** Picks, from a few directions near the last one, the best for reaching the target and keeping away from the walls. */
function bend(
  anatomy: Anatomy,
  random: Random,
  at: Vector3,
  was: Vector3,
  step: number,
  radius: number,
  target: Vector3,
): Vector3 {
  const ideal = unit([target[0] - at[0], target[1] - at[1], target[2] - at[2]]);
  let best = was;
  let most = Number.NEGATIVE_INFINITY;
  for (let n = 0; n < 3; n++) {
    const tried = unit(add(was, random.direction(), 0.24));
    const ahead = add(at, tried, step + 4);
    const toward = tried[0] * ideal[0] + tried[1] * ideal[1] + tried[2] * ideal[2];
    const depth = anatomy.lungDepth(ahead[0], ahead[1], ahead[2]);
    const worth = Math.min(depth, 4 + 2 * radius) + 12 * toward + random.next();
    if (worth > most) {
      most = worth;
      best = tried;
    }
  }
  return best;
}

/** a + times · b. */
const add = (a: Vector3, b: Vector3, times: number): Vector3 => [
  a[0] + times * b[0],
  a[1] + times * b[1],
  a[2] + times * b[2],
];

/** Scales a vector to length 1. */
export function unit([x, y, z]: Vector3): Vector3 {
  const length = Math.sqrt(x * x + y * y + z * z) || 1;
  return [x / length, y / length, z / length];
}
