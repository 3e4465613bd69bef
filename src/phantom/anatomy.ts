import type { Random } from './random.js';

/**
 * The shape of one chest in millimetres from its centre: x to the patient's left, y to the back, z to the head.
 *
 * The lungs are the space inside the rib cage (a rounded ellipse that narrows to the apex) and outside mediastinum,
 * heart and the two domes of the diaphragm. All lengths are close to those of an adult at full inspiration.
 */
export class Anatomy {
  /** Half axes of the body and of the rib cage: A along x, B along y. */
  readonly bodyA: number;
  readonly bodyB: number;
  readonly cageA: number;
  readonly cageB: number;
  /** The centre of the cage is a little in front of the body's. */
  readonly cageY: number;
  readonly skew: number;
  readonly fat: number;
  readonly spineY: number;
  readonly heart: { x: number; y: number; z: number; a: number; b: number; c: number };
  readonly apexZ: number;
  readonly baseZ: number;
  readonly domes: readonly { x: number; height: number }[];
  readonly ribPhase: number;
  readonly lungHu: number;
  readonly gravityHu: number;
  /** Scale of all lengths in the plane; smaller if the scan is too narrow for an adult. */
  readonly scale: number;

  /** `widthMm` is the width of the scan in the plane, the smaller of both sides. */
  constructor(random: Random, widthMm: number) {
    const size = random.between(0.94, 1.05);
    this.scale = Math.min(1, (widthMm * 0.475) / (163 * size)) * size;
    const k = this.scale;
    this.bodyA = 163 * k;
    this.bodyB = random.between(116, 128) * k;
    this.cageA = random.between(126, 133) * k;
    this.cageB = random.between(86, 95) * k;
    this.cageY = -4 * k;
    this.skew = random.between(-0.03, 0.03);
    this.fat = random.between(6, 14) * k;
    this.spineY = this.cageY + this.cageB * 0.74;
    this.heart = {
      x: random.between(20, 28) * k,
      y: random.between(-32, -24) * k,
      z: random.between(-62, -52),
      a: random.between(50, 58) * k,
      b: random.between(40, 46) * k,
      c: random.between(52, 62),
    };
    this.apexZ = random.between(118, 130);
    this.baseZ = random.between(-135, -125);
    this.domes = [
      { x: -68 * k, height: random.between(48, 60) },
      { x: 68 * k, height: random.between(40, 50) },
    ];
    this.ribPhase = random.between(0, 23);
    this.lungHu = random.between(-875, -840);
    this.gravityHu = random.between(25, 60);
  }

  /** Relative width of the cage at height `z`: 1 up to the middle, falling to 0.02 at the apex. */
  cageScale(z: number): number {
    const up = (z - 20) / (this.apexZ - 20);
    if (up <= 0) return 1;
    return up >= 0.999 ? 0.02 : Math.sqrt(1 - up * up);
  }

  /** Depth in mm inside the rib cage along the ray from its centre; negative outside. */
  cageDepth(x: number, y: number, cageScale: number): number {
    return roundedDepth(x, y - this.cageY, this.cageA * cageScale, this.cageB * cageScale, this.skew);
  }

  /** Depth in mm inside the body along the ray from its centre; negative outside. */
  bodyDepth(x: number, y: number): number {
    return roundedDepth(x, y, this.bodyA, this.bodyB, 0);
  }

  /** Half the width of the mediastinum in mm. */
  mediastinumHalfWidth(y: number, z: number): number {
    const k = this.scale;
    const hilum = bump(z, 0, 32);
    return k * (4 + (22 + 9 * hilum) * bump(y, -2 * k, 31 * k) + 23 * bump(y, this.spineY, 21 * k));
  }

  /** Distance in mm from the heart; negative inside. */
  heartDistance(x: number, y: number, z: number): number {
    const { heart } = this;
    const u = (x - heart.x) / heart.a;
    const v = (y - heart.y) / heart.b;
    const w = (z - heart.z) / heart.c;
    return (Math.sqrt(u * u + v * v + w * w) - 1) * heart.b;
  }

  /** Height above the diaphragm in mm; negative below. */
  aboveDiaphragm(x: number, y: number, z: number): number {
    const dome = this.domes[x < 0 ? 0 : 1]!;
    const u = (x - dome.x) / (72 * this.scale);
    const v = (y - this.cageY) / (95 * this.scale);
    return z - this.baseZ - dome.height * (1 - u * u - v * v);
  }

  /** Distance in mm from the nearest lung wall, positive inside. Accurate near the wall, only a bound deep inside. */
  lungDepth(x: number, y: number, z: number): number {
    const cage = this.cageDepth(x, y, this.cageScale(z));
    if (cage < -20) return cage;
    return Math.min(
      cage,
      Math.abs(x) - this.mediastinumHalfWidth(y, z),
      this.heartDistance(x, y, z),
      0.8 * this.aboveDiaphragm(x, y, z),
    );
  }
}

/** Gaussian bump of height 1. */
export const bump = (at: number, middle: number, width: number): number =>
  Math.exp(-((at - middle) * (at - middle)) / (2 * width * width));

/** Depth inside an ellipse with fuller corners, (u⁴ + v⁴ + 1.3 u²v²)^¼ = 1, along the ray from its centre. */
function roundedDepth(x: number, y: number, a: number, b: number, skew: number): number {
  const u = x / a;
  const v = y / b;
  const q = u * u;
  const w = v * v;
  const f = Math.sqrt(Math.sqrt(q * q + w * w + 1.3 * q * w)) + skew * u * v;
  return f < 0.3 ? 0.7 * Math.min(a, b) : Math.sqrt(x * x + y * y) * (1 / f - 1);
}
