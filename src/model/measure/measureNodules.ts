import { type Index3, indexIRC, indexToWorld, type Shape3, type Volume } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { axialAxes, boxOf, largestDiameter } from '../../score/index.js';
import type { Nodule, NoduleRegion } from '../nodule.js';
import { noduleTexture } from './noduleTexture.js';
import { touchesPleura } from './touchesPleura.js';

/**
 * Measures the nodules of a scan; docs/reference/nodules.md defines every figure. Lengths in mm are null where the
 * spacing is unknown, figures in HU where the scan is not in HU.
 * @param regions with at least one voxel each
 * @param lungs 1 inside the lungs, `[slices, rows, columns]`; null where none were found
 * @throws NoduleTrainError `nodule-region` if a region is empty, leaves the scan or is not ascending, `mask-shape` if
 *   the lung mask does not have the scan's voxels
 */
export function measureNodules(volume: Volume, regions: readonly NoduleRegion[], lungs: Uint8Array | null): Nodule[] {
  if (lungs !== null && lungs.length !== volume.voxels.length)
    throw new NoduleTrainError(
      'mask-shape',
      `measuring the nodules of ${volume.uid}: the lung mask has ${lungs.length} voxels, expected ` +
        `${volume.voxels.length} as in the scan. Make it from the same scan.`,
    );
  return regions.map((region) => measureNodule(volume, region, lungs));
}

function measureNodule(volume: Volume, { number, score, positions }: NoduleRegion, lungs: Uint8Array | null): Nodule {
  checkRegion(volume, number, positions);
  const { spacing, shape, sliceUids, intensity } = volume;
  const box = boxOf(positions, shape);
  const centerIndex = meanIndex(positions, shape);
  const axes = axialAxes(positions, shape, spacing ?? [1, 1, 1]);
  const hu = intensity === 'hu' ? huStatistics(volume, positions) : null;
  const texture = intensity === 'hu' ? noduleTexture(volume, positions) : null;
  const [first, last] = [box.low[0], box.high[0]];
  return {
    number,
    score,
    center: spacing && indexToWorld(volume, indexIRC(...centerIndex)),
    centerIndex,
    box,
    voxels: positions.length,
    volumeMm3: spacing && positions.length * spacing[0] * spacing[1] * spacing[2],
    longAxisMm: spacing && axes.long.mm,
    shortAxisMm: spacing && axes.short.mm,
    axes: { slice: axes.slice, long: axes.long.ends, short: axes.short.ends },
    // Where voxels are not cubes, the pixel that is added can be smaller along the 3D diameter.
    diameter3dMm: spacing && Math.max(largestDiameter(positions, shape, spacing), axes.long.mm),
    meanHu: hu?.mean ?? null,
    sdHu: hu?.sd ?? null,
    solidShare: texture?.solidShare ?? null,
    texture: texture?.texture ?? null,
    slices: { first, last, firstUid: sliceUids?.[first] ?? null, lastUid: sliceUids?.[last] ?? null },
    touchesPleura:
      spacing && lungs && intensity === 'hu' ? touchesPleura(volume, positions, box, lungs, spacing) : null,
  };
}

function checkRegion({ uid, voxels }: Volume, number: number, positions: Int32Array): void {
  const fault = (found: string) =>
    new NoduleTrainError(
      'nodule-region',
      `measuring nodule ${number} of ${uid}: found ${found}, expected ascending positions of its voxels from 0 to ` +
        `${voxels.length - 1}. Give the regions that were found in this scan.`,
    );
  if (positions.length === 0) throw fault('no voxel');
  let last = -1;
  for (const at of positions) {
    if (at <= last || at >= voxels.length) throw fault(`position ${at}${last < 0 ? '' : ` after ${last}`}`);
    last = at;
  }
}

/** Mean index of a set of voxels. */
function meanIndex(positions: Int32Array, [, rows, columns]: Shape3): Index3 {
  let [slices, rowSum, columnSum] = [0, 0, 0];
  for (const at of positions) {
    const line = Math.floor(at / columns);
    const i = Math.floor(line / rows);
    slices += i;
    rowSum += line - i * rows;
    columnSum += at - line * columns;
  }
  return [slices / positions.length, rowSum / positions.length, columnSum / positions.length];
}

/** Mean and standard deviation (over all voxels, not of a sample) in HU. */
function huStatistics({ voxels, scale, offset }: Volume, positions: Int32Array): { mean: number; sd: number } {
  let sum = 0;
  for (const at of positions) sum += voxels[at]!;
  const mean = sum / positions.length;
  // Around the mean in a second pass: the difference of two large sums would lose digits.
  let squares = 0;
  for (const at of positions) squares += (voxels[at]! - mean) ** 2;
  return { mean: mean * scale + offset, sd: Math.sqrt(squares / positions.length) * Math.abs(scale) };
}
