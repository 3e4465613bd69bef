import type { Vector3 } from '../ct/index.js';
import { type Canvas, placeOf, voxelsWithin } from './canvas.js';

/** A piece of a vessel, airway or scar: a cone with round ends, in mm from the centre of the scan. */
export interface Tube {
  from: Vector3;
  to: Vector3;
  radiusFrom: number;
  radiusTo: number;
  hu: number;
}

/**
 * How a tube combines with what is already drawn: 'bright' only brightens (vessels in lung), 'dark' only darkens
 * (airways), 'tissue' replaces everything except lung (aorta).
 */
export type TubeMode = 'bright' | 'dark' | 'tissue';

/** HU that a tube's edge fades into. */
const AROUND_HU = { bright: -860, dark: 30, tissue: 0 } as const;

/**
 * Draws tubes with partial volume. The edge is as wide as the voxel along the edge's normal. A tube thinner than a
 * voxel loses contrast like a disc under a Gaussian point spread: 1 - exp(-r² / 2σ²).
 */
export function drawTubes(canvas: Canvas, tubes: Iterable<Tube>, mode: TubeMode): void {
  for (const tube of tubes) drawTube(canvas, tube, mode);
}

function drawTube({ hu, shape, spacing }: Canvas, tube: Tube, mode: TubeMode): void {
  const [sx, sy, sz] = spacing;
  const [ax, ay, az] = tube.from;
  const dx = tube.to[0] - ax;
  const dy = tube.to[1] - ay;
  const dz = tube.to[2] - az;
  const lengthSquared = dx * dx + dy * dy + dz * dz || 1e-9;
  const radius = Math.max(tube.radiusFrom, tube.radiusTo);
  const reach = (axis: 0 | 1 | 2) => radius + 1.7 * spacing[axis];
  const range = (axis: 0 | 1 | 2, length: number) =>
    voxelsWithin(
      Math.min(tube.from[axis], tube.to[axis]) - reach(axis),
      Math.max(tube.from[axis], tube.to[axis]) + reach(axis),
      length,
      spacing[axis],
    );
  const columns = range(0, shape[2]);
  const rows = range(1, shape[1]);
  const slices = range(2, shape[0]);
  const spread = crossSpread(dx, dy, dz, lengthSquared, spacing);
  const rest = AROUND_HU[mode];
  for (let i = slices.from; i <= slices.to; i++) {
    const z = placeOf(i, shape[0], sz) - az;
    for (let r = rows.from; r <= rows.to; r++) {
      const y = placeOf(r, shape[1], sy) - ay;
      const base = (i * shape[1] + r) * shape[2];
      for (let c = columns.from; c <= columns.to; c++) {
        const x = placeOf(c, shape[2], sx) - ax;
        let t = (x * dx + y * dy + z * dz) / lengthSquared;
        t = Math.max(0, Math.min(1, t));
        const px = x - t * dx;
        const py = y - t * dy;
        const pz = z - t * dz;
        const distance = Math.sqrt(px * px + py * py + pz * pz) + 1e-6;
        const width = (Math.abs(px) * sx + Math.abs(py) * sy + Math.abs(pz) * sz) / distance;
        const r0 = tube.radiusFrom + t * (tube.radiusTo - tube.radiusFrom);
        // Under a point spread no tube looks thinner than the spread itself: it fades instead.
        const seen = Math.max(r0, 0.45 * width);
        let share = Math.min(1, (seen - distance) / width + 0.5);
        if (share <= 0) continue;
        share *= 1 - Math.exp((-r0 * r0) / (2 * spread));
        const at = base + c;
        const now = hu[at]!;
        const value = rest + share * (tube.hu - rest);
        if (mode === 'bright') {
          if (value > now) hu[at] = value;
        } else if (mode === 'dark') {
          if (value < now) hu[at] = value;
        } else if (now > -250) {
          hu[at] = now + share * (tube.hu - now);
        }
      }
    }
  }
}

/** Product σ₁σ₂ of the voxel's spread across direction d, from det Σ · dᵀΣ⁻¹d; a box of width s has σ = s / √12. */
function crossSpread(dx: number, dy: number, dz: number, lengthSquared: number, [sx, sy, sz]: Vector3): number {
  const x = (sx * sx) / 12;
  const y = (sy * sy) / 12;
  const z = (sz * sz) / 12;
  return Math.sqrt((x * y * z * ((dx * dx) / x + (dy * dy) / y + (dz * dz) / z)) / lengthSquared);
}
