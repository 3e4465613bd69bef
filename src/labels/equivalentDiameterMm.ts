import type { Vector3 } from '../ct/index.js';

/** Diameter in mm of the sphere with the volume of `voxels` voxels: V = π d³ / 6. `spacing` is x, y, z in mm. */
export function equivalentDiameterMm(voxels: number, [x, y, z]: Vector3): number {
  return 2 * Math.cbrt((3 * voxels * x * y * z) / (4 * Math.PI));
}
