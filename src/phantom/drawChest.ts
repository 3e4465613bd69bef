import type { Anatomy } from './anatomy.js';
import { type Canvas, placeOf } from './canvas.js';
import type { Random } from './random.js';

const AIR = -1000;
const FAT = -105;
const MUSCLE = 48;
const BLOOD = 42;
const RIB_PERIOD = 23;
const VERTEBRA_PERIOD = 27;

/**
 * Fills the canvas with air and table, body wall with ribs and spine, mediastinum, heart, liver and the density of the
 * lungs.
 */
export function drawChest(canvas: Canvas, anatomy: Anatomy, random: Random): void {
  const texture = new Texture(canvas, random);
  const [slices, rows] = canvas.shape;
  for (let i = 0; i < slices; i++) {
    for (let r = 0; r < rows; r++) drawRow(canvas, anatomy, texture, i, r);
  }
}

function drawRow(canvas: Canvas, anatomy: Anatomy, texture: Texture, i: number, r: number): void {
  const { hu, shape, spacing } = canvas;
  const [slices, rows, columns] = shape;
  const y = placeOf(r, rows, spacing[1]);
  const z = placeOf(i, slices, spacing[2]);
  const base = (i * rows + r) * columns;
  const k = anatomy.scale;
  const cageScale = anatomy.cageScale(z);
  const mediastinum = anatomy.mediastinumHalfWidth(y, z);
  const pixel = (spacing[0] + spacing[1]) / 2;
  const nearHeart = Math.abs(z - anatomy.heart.z) < anatomy.heart.c + 25;
  const gravity = anatomy.lungHu + (anatomy.gravityHu * (y - anatomy.cageY)) / anatomy.cageB;
  const table = tableHu(y - anatomy.bodyB - 6 * k);
  texture.row(i, r);
  for (let c = 0; c < columns; c++) {
    const x = placeOf(c, columns, spacing[0]);
    const body = anatomy.bodyDepth(x, y);
    if (body < -pixel) {
      hu[base + c] = table;
      continue;
    }
    const cage = anatomy.cageDepth(x, y, cageScale);
    let lung = cage;
    let diaphragm = 1e3;
    if (cage > -2 * pixel) {
      diaphragm = anatomy.aboveDiaphragm(x, y, z);
      lung = Math.min(cage, Math.abs(x) - mediastinum);
      if (nearHeart) lung = Math.min(lung, anatomy.heartDistance(x, y, z));
    }
    const inLung = Math.min(share(lung / pixel), share((0.8 * diaphragm) / (pixel + 0.6 * spacing[2])));
    const lungHu = inLung > 0 ? gravity + texture.at(c) * 0.5 : 0;
    let solid = 0;
    if (inLung < 1) {
      if (cage > 0) solid = inner(anatomy, x, y, z, diaphragm, texture.at(c));
      else solid = wall(anatomy, x, y, z, body, -cage, texture.at(c));
      if (body < pixel) solid = AIR + (solid - AIR) * share(body / pixel);
    }
    hu[base + c] = solid + inLung * (lungHu - solid);
  }
}

/** Share of a voxel that is inside, from the depth of its centre in voxels. */
const share = (depth: number): number => (depth >= 0.5 ? 1 : depth <= -0.5 ? 0 : depth + 0.5);

const tableHu = (below: number): number => {
  if (below < 0 || below > 22) return AIR;
  return below < 2.5 || below > 19.5 ? -250 : -880;
};

/**
 * HU inside the cage but outside the lungs: heart, vessels and fat of the mediastinum, liver and spleen under the
 * domes.
 */
function inner(anatomy: Anatomy, x: number, y: number, z: number, diaphragm: number, texture: number): number {
  const spine = vertebra(anatomy, x, y, z);
  if (spine !== null) return spine;
  if (diaphragm < 0 && Math.abs(x) > 8) return (x < 0 ? 58 : 46) + 0.2 * texture;
  const heart = anatomy.heartDistance(x, y, z);
  if (heart < -3) return BLOOD + 0.2 * texture;
  // Fat around heart and great vessels, in patches.
  return texture > 14 ? FAT + 15 : texture > 2 ? -30 : 30;
}

/** HU of the chest wall from the cage outward: ribs with muscle between, shoulder blades, muscle, fat, skin. */
function wall(anatomy: Anatomy, x: number, y: number, z: number, body: number, out: number, texture: number): number {
  const k = anatomy.scale;
  if (body < 2) return 20;
  if (body < anatomy.fat) return FAT + 0.3 * texture;
  const spine = vertebra(anatomy, x, y, z);
  if (spine !== null) return spine;
  if (out < 12 * k) {
    const front = y < 0 && Math.abs(x) < 42 * k;
    const sternum = y < 0 && Math.abs(x) < 17 * k;
    if (sternum) return out > 2 * k && out < 10 * k ? (out > 3.5 * k && out < 8.5 * k ? 160 : 420) : FAT + 40;
    // Ribs slope down from back to front, so an axial slice cuts several of them obliquely.
    const fall = z - anatomy.ribPhase - 0.5 * y;
    const dz = fall - Math.round(fall / RIB_PERIOD) * RIB_PERIOD;
    const e = ((out - 5.5 * k) / (4.4 * k)) ** 2 + (dz / 6.8) ** 2;
    if (e < 1) return front ? 115 : e > 0.42 ? 620 : 230;
    return out < 2 * k ? 0 : dz > 0 ? MUSCLE : 10;
  }
  if (z > -40 && out > 14 * k && y > 10 * k) {
    const blade = distanceToSegment(Math.abs(x), y, 78 * k, 88 * k, 118 * k, 46 * k);
    if (blade < 4.2 * k) return blade > 2 * k ? 520 : 260;
  }
  return body < anatomy.fat + 4 || texture > 26 ? -40 : MUSCLE + 0.25 * texture;
}

/** HU of a vertebra, its canal and processes; null elsewhere. */
function vertebra(anatomy: Anatomy, x: number, y: number, z: number): number | null {
  const k = anatomy.scale;
  const v = y - anatomy.spineY;
  if (Math.abs(x) > 34 * k || v < -17 * k || v > 56 * k) return null;
  const level = z - Math.round(z / VERTEBRA_PERIOD) * VERTEBRA_PERIOD;
  const e = (x / (18 * k)) ** 2 + (v / (15 * k)) ** 2;
  if (e < 1) {
    if (Math.abs(level) > 0.5 * VERTEBRA_PERIOD - 2.5) return 85;
    return e > 0.78 || Math.abs(level) > 0.5 * VERTEBRA_PERIOD - 4.5 ? 430 : 185;
  }
  const canal = (x / (10 * k)) ** 2 + ((v - 23 * k) / (8.5 * k)) ** 2;
  if (canal < 1) return canal < 0.4 ? 38 : -20;
  if (canal < 1.9) return 480;
  const across = (x / (30 * k)) ** 2 + ((v - 27 * k) / (5 * k)) ** 2;
  if (across < 1 && Math.abs(level) < 8) return 360;
  const behind = (x / (4 * k)) ** 2 + ((v - 42 * k) / (13 * k)) ** 2;
  return behind < 1 && level < 6 ? 380 : null;
}

function distanceToSegment(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const t = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
  const s = Math.max(0, Math.min(1, t));
  return Math.sqrt((x - ax - s * (bx - ax)) ** 2 + (y - ay - s * (by - ay)) ** 2);
}

/** Smooth density variations of about ±30 HU: a sum of products of waves along the axes, each read from a table. */
class Texture {
  readonly #waves: { x: Float64Array; y: Float64Array; z: Float64Array }[] = [];
  readonly #row: Float64Array;

  constructor({ shape, spacing }: Canvas, random: Random) {
    for (let n = 0; n < 5; n++) {
      const table = (length: number, step: number) => {
        const frequency = (2 * Math.PI) / random.between(9, 38);
        const phase = random.between(0, 2 * Math.PI);
        return Float64Array.from({ length }, (_, at) => Math.sin(placeOf(at, length, step) * frequency + phase));
      };
      this.#waves.push({
        x: table(shape[2], spacing[0]),
        y: table(shape[1], spacing[1]),
        z: table(shape[0], spacing[2]),
      });
    }
    this.#row = new Float64Array(shape[2]);
  }

  row(i: number, r: number): void {
    this.#row.fill(0);
    for (const { x, y, z } of this.#waves) {
      const height = 26 * y[r]! * z[i]!;
      for (let c = 0; c < x.length; c++) this.#row[c]! += height * x[c]!;
    }
  }

  at(c: number): number {
    return this.#row[c]!;
  }
}

/** Lists the great vessels and airways, to draw with {@link drawTubes}. */
export function greatTubes(anatomy: Anatomy): { airways: Pipe[]; vessels: Pipe[] } {
  const k = anatomy.scale;
  const at = (x: number, y: number, z: number) => [x * k, y * k, z] as const;
  const back = anatomy.spineY / k - 22;
  const pipe = (from: Pipe['from'], to: Pipe['to'], radius: number, hu: number): Pipe => ({
    from,
    to,
    radiusFrom: radius * k,
    radiusTo: radius * k,
    hu,
  });
  const airways = [
    pipe(at(0, 2, 200), at(0, 6, 22), 8.5, -985),
    pipe(at(0, 6, 22), at(-32, 8, 2), 6.5, -985),
    pipe(at(0, 6, 22), at(36, 9, -2), 5.8, -985),
  ];
  const vessels = [
    pipe(at(14, back, -200), at(14, back, 42), 12, BLOOD),
    pipe(at(14, back, 42), at(0, -18, 48), 12.5, BLOOD),
    pipe(at(-8, -24, 40), at(4, -18, -20), 15, BLOOD),
    pipe(at(-22, -10, 70), at(-22, -10, -25), 8, BLOOD),
    pipe(at(8, -14, 8), at(30, 4, 4), 11, BLOOD),
    pipe(at(8, -10, 4), at(-28, 2, 2), 10, BLOOD),
    pipe(at(-12, -30, 70), at(-14, -26, 110), 6, BLOOD),
    pipe(at(14, -26, 60), at(20, -24, 110), 5, BLOOD),
  ];
  return { airways, vessels };
}

type Pipe = {
  from: readonly [number, number, number];
  to: readonly [number, number, number];
  radiusFrom: number;
  radiusTo: number;
  hu: number;
};
