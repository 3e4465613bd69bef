import type { Index3, Vector3 } from '../../ct/index.js';
import type { NoduleAttachment } from '../levels.js';
import type { Random } from '../random.js';
import { DENSE_HU, type ScanSurvey } from './surveyScan.js';

/** A place that is taken, in mm from the centre of the first voxel, along the axes of the grid (x, y, z). */
export interface Taken {
  center: Vector3;
  radius: number;
}

/** What a place is wanted for. */
export interface Wanted {
  attachment: NoduleAttachment;
  /** Mean radius in mm, and that of the farthest point of the surface. */
  radius: number;
  reach: number;
  /** Background that is denser than this hides the nodule, in HU. */
  brightest: number;
  gapMm: number;
}

/** A place with its background. */
export interface Site {
  center: Vector3;
  /** Mean of the air-filled lung there, in HU. */
  lungHu: number;
}

const TRIES = 800;
/** Distance from the edges of the scan beyond the nodule, so that its blur and the shell around it are in the scan. */
const MARGIN_MM = 3;
/** Vessels beside which nodules are put: radius in mm. */
const VESSEL_RADIUS_MM = [0.7, 3.2] as const;

/** Finds a place in the lungs where a nodule is plausible; null if none is found. */
export function findSite(survey: ScanSurvey, wanted: Wanted, taken: readonly Taken[], random: Random): Site | null {
  const { volume, spacing } = survey;
  const room = MARGIN_MM + wanted.reach;
  const draw = { isolated: anywhere, juxtavascular: besideVessel, juxtapleural: atWall }[wanted.attachment];
  for (let tried = 0; tried < TRIES; tried++) {
    const center = draw(survey, wanted, random);
    if (center === null) continue;
    const isInside = center.every(
      (mm, axis) => mm >= room + spacing[axis]! && mm <= (volume.shape[2 - axis]! - 2) * spacing[axis]! - room,
    );
    if (!isInside) continue;
    if (taken.some((other) => distance(center, other.center) < wanted.reach + other.radius + wanted.gapMm)) continue;
    const lungHu = plausibleBackground(survey, wanted, center);
    if (lungHu !== null) return { center, lungHu };
  }
  return null;
}

const distance = (a: Vector3, b: Vector3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

function anywhere({ low, high, spacing }: ScanSurvey, _: Wanted, random: Random): Vector3 {
  return [0, 1, 2].map(
    (axis) => random.between(low[2 - axis]!, high[2 - axis]! + 1) * spacing[axis]!,
  ) as unknown as Vector3;
}

/** Draws a place that overlaps a thin vessel's rim, as phantoms do. */
function besideVessel(survey: ScanSurvey, { radius }: Wanted, random: Random): Vector3 | null {
  const { vessels } = survey;
  if (vessels.length === 0) return null;
  const start = placeOf(survey, vessels[random.integer(0, vessels.length - 1)]!);
  const vessel = vesselAt(survey, start);
  const direction = random.direction();
  if (vessel.radius < VESSEL_RADIUS_MM[0] || vessel.radius > VESSEL_RADIUS_MM[1]) return null;
  const away = random.between(0.5, 0.95) * (radius + vessel.radius);
  return vessel.center.map((mm, axis) => mm + away * direction[axis]!) as unknown as Vector3;
}

/** Radius of the ball in which a vessel is measured: a straight vessel of radius r fills πr² · 2R of it. */
const BALL_MM = 5;

function vesselAt(survey: ScanSurvey, start: Vector3): { center: Vector3; radius: number } {
  const { spacing } = survey;
  const sum: [number, number, number] = [0, 0, 0];
  let [near, all] = [0, 0];
  visitBall(survey, start, BALL_MM, 1, (at, x, y, z) => {
    if (huAt(survey, at) <= DENSE_HU) return;
    all++;
    if (Math.hypot(x - start[0], y - start[1], z - start[2]) > 0.6 * BALL_MM) return;
    near++;
    sum[0] += x;
    sum[1] += y;
    sum[2] += z;
  });
  const volume = all * spacing[0] * spacing[1] * spacing[2];
  const center = near === 0 ? start : (sum.map((total) => total / near) as unknown as Vector3);
  return { center, radius: Math.sqrt(volume / (2 * Math.PI * BALL_MM)) };
}

/** Draws a place a part of the radius below the pleura of the chest wall. */
function atWall(survey: ScanSurvey, { radius }: Wanted, random: Random): Vector3 | null {
  const { wall, lungs } = survey;
  if (wall.length === 0) return null;
  const point = placeOf(survey, wall[random.integer(0, wall.length - 1)]!);
  const depth = random.between(0.25, 0.8) * radius;
  const inward: [number, number, number] = [0, 0, 0];
  visitBall(survey, point, 8, 2, (at, x, y, z) => {
    const sign = lungs[at] === 1 ? 1 : -1;
    inward[0] += sign * (x - point[0]);
    inward[1] += sign * (y - point[1]);
    inward[2] += sign * (z - point[2]);
  });
  const length = Math.hypot(...inward);
  if (length === 0) return null;
  return point.map((mm, axis) => mm + (depth * inward[axis]!) / length) as unknown as Vector3;
}

interface Shares {
  least: number;
  most: number;
}

/** Share of the surroundings that is outside the lungs, and of the rest that is dense. */
const SURROUNDINGS: Readonly<Record<NoduleAttachment, { outside: Shares; dense: Shares }>> = {
  isolated: { outside: { least: 0, most: 0 }, dense: { least: 0, most: 0.015 } },
  juxtavascular: { outside: { least: 0, most: 0 }, dense: { least: 0.005, most: 0.25 } },
  juxtapleural: { outside: { least: 0.08, most: 0.6 }, dense: { least: 0, most: 0.2 } },
};
/** Share of the surroundings that may be darker than lung: an airway or a bulla. */
const MOST_AIR = 0.1;
/** How much darker than the scan's lungs air is, at least. */
const AIR_BELOW_LUNG = 80;
const ENOUGH_SAMPLES = 4000;

/** Mean HU of the lung around a place; null where a nodule of this kind would not be plausible or visible. */
function plausibleBackground(survey: ScanSurvey, wanted: Wanted, center: Vector3): number | null {
  const { lungs, lungHu, spacing } = survey;
  const ball = 1.15 * wanted.radius + 1.2;
  const voxels = (4 * Math.PI * ball ** 3) / (3 * spacing[0] * spacing[1] * spacing[2]);
  const step = Math.max(1, Math.floor(Math.sqrt(voxels / ENOUGH_SAMPLES)));
  const air = Math.min(-930, lungHu - AIR_BELOW_LUNG);
  let [all, outside, dense, dark, sum] = [0, 0, 0, 0, 0];
  visitBall(survey, center, ball, step, (at) => {
    all++;
    if (lungs[at] === 0) {
      outside++;
      return;
    }
    const hu = huAt(survey, at);
    if (hu > DENSE_HU) {
      dense++;
      return;
    }
    if (hu < air) dark++;
    sum += hu;
  });
  const inside = all - outside;
  const lung = inside - dense;
  if (lung <= 0) return null;
  const limits = SURROUNDINGS[wanted.attachment];
  const isWithin = (share: number, { least, most }: Shares) => share >= least && share <= most;
  if (!isWithin(outside / all, limits.outside) || !isWithin(dense / inside, limits.dense)) return null;
  if (dark / lung > MOST_AIR) return null;
  const mean = sum / lung;
  return mean < wanted.brightest ? mean : null;
}

const huAt = ({ volume: { voxels, scale, offset } }: ScanSurvey, at: number): number => voxels[at]! * scale + offset;

function placeOf({ volume: { shape }, spacing }: ScanSurvey, at: number): Vector3 {
  const [, rows, columns] = shape;
  const [i, r, c] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
  return [c * spacing[0], r * spacing[1], i * spacing[2]];
}

/** First and last voxel of the box around a ball, clipped to the scan. */
export function boxAround({ volume: { shape }, spacing }: ScanSurvey, center: Vector3, radius: number) {
  const side = (sign: -1 | 1) =>
    [2, 1, 0].map((axis) => {
      const place = (center[axis]! + sign * radius) / spacing[axis]!;
      return Math.max(0, Math.min(shape[2 - axis]! - 1, sign < 0 ? Math.ceil(place) : Math.floor(place)));
    }) as unknown as Index3;
  return { low: side(-1), high: side(1) };
}

/** Visits every `step`-th voxel of a ball, with its place in mm. */
function visitBall(
  survey: ScanSurvey,
  center: Vector3,
  radius: number,
  step: number,
  visit: (at: number, x: number, y: number, z: number) => void,
): void {
  const { volume, spacing } = survey;
  const [, rows, columns] = volume.shape;
  const { low, high } = boxAround(survey, center, radius);
  for (let i = low[0]; i <= high[0]; i++) {
    const z = i * spacing[2];
    for (let r = low[1]; r <= high[1]; r += step) {
      const y = r * spacing[1];
      const rest = radius ** 2 - (z - center[2]) ** 2 - (y - center[1]) ** 2;
      if (rest < 0) continue;
      for (let c = low[2]; c <= high[2]; c += step) {
        const x = c * spacing[0];
        if ((x - center[0]) ** 2 <= rest) visit((i * rows + r) * columns + c, x, y, z);
      }
    }
  }
}
