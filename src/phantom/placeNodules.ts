import type { Vector3 } from '../ct/index.js';
import type { Anatomy } from './anatomy.js';
import type { Tube } from './drawTubes.js';
import type { LevelParameters, NoduleAttachment, NoduleKind } from './levels.js';
import { type NoduleShape, randomShape } from './noduleShape.js';
import type { Random } from './random.js';

/** A nodule with its place, before it is drawn. */
export interface PlacedNodule {
  shape: NoduleShape;
  kind: NoduleKind;
  attachment: NoduleAttachment;
  /** HU of the solid part; for ground glass, of the whole nodule. */
  hu: number;
  /** Radius of the solid core relative to the nodule's: 0 for ground glass, 1 for solid. */
  core: number;
  /** HU of the ground-glass part. */
  glassHu: number;
}

/** Half the extent of the scan along x, y, z in mm. */
export type HalfExtent = Vector3;

/** Range of solid nodules and cores, and of ground glass, in HU. */
export const SOLID_HU = [5, 70] as const;
export const GLASS_HU = [-640, -480] as const;

/** Attempts to find a place for one nodule of one size. */
const TRIES = 600;
/** Smallest gap between two nodules, so that a prediction does not join them by chance. */
export const GAP_MM = 8;

/**
 * Draws random nodules and finds a place in the lungs for each, inside the scan. A nodule without a place shrinks, down
 * to the level's smallest diameter. A scan without room gets fewer nodules.
 */
export function placeNodules(
  count: number,
  anatomy: Anatomy,
  vessels: readonly Tube[],
  half: HalfExtent,
  level: LevelParameters,
  random: Random,
): PlacedNodule[] {
  const placed: PlacedNodule[] = [];
  const thick = vessels.filter((vessel) => vessel.radiusFrom > 0.8 && vessel.radiusFrom < 3.2);
  for (let n = 0; n < count; n++) {
    const kind = random.pick(level.kinds);
    const attachment = random.pick(level.attachments);
    let radius = random.betweenLog(level.diameterMm[0], level.diameterMm[1]) / 2;
    let center: Vector3 | null = null;
    while (center === null) {
      center = findPlace(attachment, radius, anatomy, thick, half, placed, random);
      if (center !== null) break;
      if (radius * 2 <= level.diameterMm[0]) break;
      radius = Math.max(radius * 0.8, level.diameterMm[0] / 2);
    }
    if (center === null) continue;
    placed.push({
      shape: randomShape(center, radius, level.irregularity, random),
      kind,
      attachment,
      ...randomDensity(kind, SOLID_HU, GLASS_HU, random),
    });
  }
  return placed;
}

type Range = readonly [low: number, high: number];

/** Draws the densities of a nodule of one kind. */
export function randomDensity(
  kind: NoduleKind,
  solidHu: Range,
  glassHu: Range,
  random: Random,
): Pick<PlacedNodule, 'hu' | 'core' | 'glassHu'> {
  return {
    hu: random.between(...(kind === 'ground-glass' ? glassHu : solidHu)),
    core: kind === 'solid' ? 1 : kind === 'part-solid' ? random.between(0.4, 0.65) : 0,
    glassHu: random.between(...glassHu),
  };
}

function findPlace(
  attachment: NoduleAttachment,
  radius: number,
  anatomy: Anatomy,
  vessels: readonly Tube[],
  half: HalfExtent,
  placed: readonly PlacedNodule[],
  random: Random,
): Vector3 | null {
  // Keep nodules whole inside the scan: a cut one would have no exact size.
  const room = half.map((extent) => extent - 1.3 * radius - 2) as unknown as Vector3;
  if (room.some((extent) => extent <= 0)) return null;
  for (let tried = 0; tried < TRIES; tried++) {
    const at = attachment === 'juxtavascular' ? besideVessel(radius, vessels, random) : anywhere(room, random);
    if (at === null) return null;
    if (at.some((place, axis) => Math.abs(place) > room[axis]!)) continue;
    const depth = anatomy.lungDepth(at[0], at[1], at[2]);
    if (attachment === 'juxtapleural') {
      if (depth < 0.25 * radius || depth > 0.8 * radius) continue;
    } else if (depth < 1.2 * radius + 1.5) continue;
    if (attachment === 'isolated' && nearest(at, vessels) < 1.2 * radius + 1) continue;
    if (placed.some(({ shape }) => distance(at, shape.center) < 1.3 * (radius + shape.radius) + GAP_MM)) continue;
    return at;
  }
  return null;
}

const anywhere = (room: Vector3, random: Random): Vector3 => [
  random.between(-room[0], room[0]),
  random.between(-room[1], room[1]),
  random.between(-room[2], room[2]),
];

function besideVessel(radius: number, vessels: readonly Tube[], random: Random): Vector3 | null {
  if (vessels.length === 0) return null;
  const vessel = vessels[random.integer(0, vessels.length - 1)]!;
  const [x, y, z] = random.direction();
  const away = random.between(0.5, 0.95) * (radius + vessel.radiusFrom);
  return [vessel.from[0] + away * x, vessel.from[1] + away * y, vessel.from[2] + away * z];
}

const distance = (a: Vector3, b: Vector3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Distance in mm from the surface of the nearest vessel. */
function nearest(at: Vector3, vessels: readonly Tube[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { from, radiusFrom } of vessels) {
    const to = distance(at, from) - radiusFrom;
    if (to < least) least = to;
  }
  return least;
}
