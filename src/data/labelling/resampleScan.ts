import { nearestIndex, resampleMask, resampleVolume, type Vector3 } from '../../ct/index.js';
import type { LabelledScan, ScanNodule } from './labelledScan.js';
import { noduleSlices, type Triple } from './noduleSlices.js';

/**
 * A labelled scan on a grid of another spacing (mm, [x, y, z]): voxels trilinear, labels by the nearest voxel, the nodules' boxes and slices
 * found anew. Places without a nodule move along; those that would lie on a label fall out. The truth is made at the
 * scan's own spacing before, since outlines and votes are of its voxels.
 */
export function resampleScan(scan: LabelledScan, spacing: Vector3): LabelledScan {
  const volume = resampleVolume(scan.volume, spacing);
  if (volume === scan.volume) return scan;
  const { voxels: _, intensity: __, scale: ___, offset: ____, ...grid } = scan.volume;
  const mask = resampleMask({ ...grid, voxels: scan.mask }, spacing).voxels;
  const factor = scan.volume.spacing!.map((old, axis) => old / spacing[axis]!).reverse();
  const [, rows, columns] = volume.shape;
  const moved = (place: Triple): Triple =>
    place.map((at, axis) => Math.min(volume.shape[axis]! - 1, Math.round(at * factor[axis]!))) as unknown as Triple;
  const nodules = scan.nodules.map((nodule): ScanNodule => {
    // Half a voxel on either side, as the box names the middles of its outermost voxels.
    const edge = (place: Triple, half: number, round: (value: number) => number) =>
      place.map((at, axis) => round((at + half) * factor[axis]!)) as unknown as Triple;
    const box = { low: edge(nodule.box.low, -0.5, Math.floor), high: edge(nodule.box.high, 0.5, Math.ceil) };
    const slices = noduleSlices(mask, volume.shape, box);
    return {
      ...nodule,
      center: nearestIndex(volume, nodule.centerLps) as unknown as Triple,
      box,
      voxels: slices.reduce((sum, { voxels }) => sum + voxels, 0),
      slices,
    };
  });
  const background = scan.background
    .map(moved)
    .filter(([slice, row, column]) => mask[(slice * rows + row) * columns + column] === 0);
  return { ...scan, volume, mask, nodules, background };
}
