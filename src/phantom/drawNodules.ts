import type { Vector3 } from '../ct/index.js';
import type { Anatomy } from './anatomy.js';
import { type Canvas, placeOf, voxelsWithin } from './canvas.js';
import { type NoduleShape, radiusAlong } from './noduleShape.js';
import type { PlacedNodule } from './placeNodules.js';

/** A nodule as drawn on the voxels. */
export interface DrawnNodule extends PlacedNodule {
  /** Centroid of its mask, in mm from the centre of the scan. */
  centroid: Vector3;
  /** Volume from its share of each voxel, before the mask's cut at one half. */
  volumeMm3: number;
  /** Number of voxels in its mask. */
  voxels: number;
}

const SUBSAMPLES = 4;
/** HU of air-filled lung, which fills the rest of a partly covered voxel. */
const LUNG = -860;

/**
 * Draws nodules with partial volume, from 4×4×4 samples per voxel on their rims. Sets the mask where at least half of a
 * voxel is nodule. The chest wall cuts nodules: only the part of a juxtapleural one inside the lung is drawn and
 * counted.
 */
export function drawNodules(
  canvas: Canvas,
  mask: Uint8Array,
  anatomy: Anatomy,
  nodules: readonly PlacedNodule[],
): DrawnNodule[] {
  return nodules.map((nodule) => drawNodule(canvas, mask, anatomy, nodule)).filter(({ voxels }) => voxels > 0);
}

function drawNodule({ hu, shape, spacing }: Canvas, mask: Uint8Array, anatomy: Anatomy, nodule: PlacedNodule) {
  const { center, radius } = nodule.shape;
  const reach = 1.5 * radius + 2;
  const range = (axis: 0 | 1 | 2, length: number) =>
    voxelsWithin(center[axis] - reach, center[axis] + reach, length, spacing[axis]);
  const columns = range(0, shape[2]);
  const rows = range(1, shape[1]);
  const slices = range(2, shape[0]);
  const sum = [0, 0, 0];
  let voxels = 0;
  let volume = 0;
  for (let i = slices.from; i <= slices.to; i++) {
    const z = placeOf(i, shape[0], spacing[2]);
    for (let r = rows.from; r <= rows.to; r++) {
      const y = placeOf(r, shape[1], spacing[1]);
      for (let c = columns.from; c <= columns.to; c++) {
        const x = placeOf(c, shape[2], spacing[0]);
        const share = shareInside(nodule.shape, anatomy, x, y, z, spacing, 1);
        if (share === 0) continue;
        const at = (i * shape[1] + r) * shape[2] + c;
        const core =
          nodule.core === 1
            ? share
            : nodule.core > 0
              ? shareInside(nodule.shape, anatomy, x, y, z, spacing, nodule.core)
              : 0;
        const glass = nodule.kind === 'ground-glass' ? nodule.hu : nodule.glassHu;
        const value = LUNG + share * (glass - LUNG) + core * (nodule.hu - glass);
        if (value > hu[at]!) hu[at] = value;
        volume += share;
        if (share < 0.5) continue;
        mask[at] = 1;
        voxels++;
        sum[0]! += x;
        sum[1]! += y;
        sum[2]! += z;
      }
    }
  }
  const centroid: Vector3 = [sum[0]! / voxels, sum[1]! / voxels, sum[2]! / voxels];
  return { ...nodule, centroid, voxels, volumeMm3: volume * spacing[0] * spacing[1] * spacing[2] };
}

/** Distance in mm from the surface of the lungs, positive inside. */
export type Lungs = Pick<Anatomy, 'lungDepth'>;

/** Share of a voxel that is inside both the nodule (with its radii times `factor`) and the lung. */
export function shareInside(
  shape: NoduleShape,
  anatomy: Lungs,
  x: number,
  y: number,
  z: number,
  spacing: Vector3,
  factor: number,
): number {
  const { center } = shape;
  const depthAt = (px: number, py: number, pz: number): number => {
    const dx = px - center[0];
    const dy = py - center[1];
    const dz = pz - center[2];
    const far = Math.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9;
    return factor * radiusAlong(shape, dx / far, dy / far, dz / far) - far;
  };
  const reach = 0.75 * Math.hypot(...spacing);
  const depth = depthAt(x, y, z);
  if (depth < -reach) return 0;
  const lung = anatomy.lungDepth(x, y, z);
  if (lung < -reach) return 0;
  if (depth > reach && lung > reach) return 1;
  let inside = 0;
  for (let n = 0; n < SUBSAMPLES ** 3; n++) {
    const px = x + spacing[0] * ((Math.floor(n / SUBSAMPLES ** 2) + 0.5) / SUBSAMPLES - 0.5);
    const py = y + spacing[1] * (((Math.floor(n / SUBSAMPLES) % SUBSAMPLES) + 0.5) / SUBSAMPLES - 0.5);
    const pz = z + spacing[2] * (((n % SUBSAMPLES) + 0.5) / SUBSAMPLES - 0.5);
    if (depthAt(px, py, pz) > 0 && (lung > reach || anatomy.lungDepth(px, py, pz) > 0)) inside++;
  }
  return inside / SUBSAMPLES ** 3;
}
