import { type Index3, nearestIndex, resampleMask, resampleVolume, type Vector3 } from '../../ct/index.js';
import { nearFindings } from './aroundTruth.js';
import type { Finding, LabelledScan, LostNodule, ScanNodule } from './labelledScan.js';
import { lostFinding, voxelAt } from './lostNodules.js';
import { noduleSlices } from './noduleSlices.js';

/**
 * Resamples a labelled scan to another spacing (mm, [x, y, z]): voxels trilinearly, labels by the nearest voxel, boxes
 * and slices of nodules computed again. A nodule of which no voxel is left is lost. Places without a nodule and
 * findings to ignore move with the grid; places that land on a label or near a lost nodule are dropped. The ground
 * truth is made at the scan's own spacing before, because outlines and votes refer to its voxels.
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
  const nodules: ScanNodule[] = [];
  const lost = (scan.lost ?? []).map((one): LostNodule => ({ ...one, center: voxelAt(volume, one.centerLps) }));
  const vanished: Finding[] = [];
  for (const nodule of scan.nodules) {
    // Half a voxel on either side, because the box gives the centres of its outermost voxels.
    const edge = (place: Index3, half: number, round: (value: number) => number) =>
      place.map((at, axis) => round((at + half) * factor[axis]!)) as unknown as Index3;
    const box = { low: edge(nodule.box.low, -0.5, Math.floor), high: edge(nodule.box.high, 0.5, Math.ceil) };
    const slices = noduleSlices(mask, volume.shape, box);
    const center = nearestIndex(volume, nodule.centerLps);
    const voxels = slices.reduce((sum, { voxels }) => sum + voxels, 0);
    if (voxels > 0 || nodule.voxels === 0 || scan.oneNodule) {
      nodules.push({ ...nodule, center, box, voxels, slices });
      continue;
    }
    const reason =
      `None of its ${nodule.voxels} labelled voxels is left at a spacing of ${spacing.join(', ')} mm: ` +
      'give a finer --spacing.';
    const { centerLps, diameterMm, annotation = -1 } = nodule;
    lost.push({ fate: 'no-voxel', reason, annotation, center: voxelAt(volume, centerLps), centerLps, diameterMm });
    vanished.push(lostFinding(lost.at(-1)!)!);
  }
  const ignored = [
    ...(scan.ignored ?? []).map(({ center, diameterMm }) => ({ center: moved(center), diameterMm })),
    ...vanished,
  ];
  const isNearVanished = nearFindings(volume, vanished);
  const background = scan.background
    .map(moved)
    .filter((place) => mask[(place[0] * rows + place[1]) * columns + place[2]] === 0)
    .filter((place) => !isNearVanished(place));
  return {
    ...{ ...scan, volume, mask, nodules, background },
    ...(ignored.length === 0 ? {} : { ignored }),
    ...(lost.length === 0 ? {} : { lost: lost.sort((a, b) => a.annotation - b.annotation) }),
  };
}
