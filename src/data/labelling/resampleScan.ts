import { type Index3, nearestIndex, resampleMask, resampleVolume, type Vector3 } from '../../ct/index.js';
import type { LabelledScan, ScanNodule } from './labelledScan.js';
import { noduleSlices } from './noduleSlices.js';

/**
 * Resamples a labelled scan to another spacing (mm, [x, y, z]): voxels trilinearly, labels by the nearest voxel, boxes
 * and slices of nodules computed again. Places without a nodule move with the grid; those that land on a label are
 * dropped. The ground truth is made at the scan's own spacing before, because outlines and votes refer to its voxels.
 * @throws NoduleTrainError what `resampleVolume` throws
 */
export function resampleScan(scan: LabelledScan, spacing: Vector3): LabelledScan {
  const volume = resampleVolume(scan.volume, spacing);
  if (volume === scan.volume) return scan;
  const { voxels: _, intensity: __, scale: ___, offset: ____, ...grid } = scan.volume;
  const mask = resampleMask({ ...grid, voxels: scan.mask }, spacing).voxels;
  const factor = scan.volume.spacing!.map((old, axis) => old / spacing[axis]!).reverse();
  const [, rows, columns] = volume.shape;
  const moved = (place: Index3): Index3 =>
    place.map((at, axis) => Math.min(volume.shape[axis]! - 1, Math.round(at * factor[axis]!))) as unknown as Index3;
  const nodules = scan.nodules.map((nodule): ScanNodule => {
    // Half a voxel on either side, because the box gives the centres of its outermost voxels.
    const edge = (place: Index3, half: number, round: (value: number) => number) =>
      place.map((at, axis) => round((at + half) * factor[axis]!)) as unknown as Index3;
    const box = { low: edge(nodule.box.low, -0.5, Math.floor), high: edge(nodule.box.high, 0.5, Math.ceil) };
    const slices = noduleSlices(mask, volume.shape, box);
    return {
      ...nodule,
      center: nearestIndex(volume, nodule.centerLps),
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
