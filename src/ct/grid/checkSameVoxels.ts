import { checkSameGrid, sameGridTolerance } from './checkSameGrid.js';
import { latticeSteps } from './latticeSteps.js';
import { coversWhole, offGridFault } from './layOnScan.js';
import type { Geometry, Volume } from './volume.js';

/**
 * Checks that an image of some `kind` has the voxels of its scan, in any order of the axes and in either direction of
 * each: programs that convert DICOM store the same voxels from other corners. An image whose voxels lie elsewhere is
 * refused as by `checkSameGrid`.
 * @throws NoduleTrainError `mask-shape`, `mask-grid`
 */
export function checkSameVoxels(kind: string, path: string, image: Geometry, volume: Volume): void {
  const lattice = image.spacing === null || volume.spacing === null ? null : latticeSteps(image, volume);
  if (lattice !== null && lattice.off <= sameGridTolerance && coversWhole(image, lattice, volume)) return;
  const fault = lattice === null ? null : offGridFault(kind, path, image, volume);
  if (fault !== null && lattice?.steps.some((step, axis) => step[axis] !== 1)) throw fault;
  checkSameGrid(kind, path, image, volume);
}
