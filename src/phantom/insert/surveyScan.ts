import {
  connectedComponents,
  type Index3,
  knownSpacing,
  lungMask,
  median,
  type Shape3,
  type Vector3,
  type Volume,
} from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { measureBlur, type ScanBlur } from './measureBlur.js';
import { measureNoise, type ScanNoise } from './measureNoise.js';

/** What inserting nodules needs to know about a scan; it does not depend on the nodules. */
export interface ScanSurvey {
  volume: Volume;
  spacing: Vector3;
  /** 1 inside, `[slices, rows, columns]`. */
  lungs: Uint8Array;
  /** Box around the lungs. */
  low: Index3;
  high: Index3;
  /** Median of air-filled lung in HU. */
  lungHu: number;
  /** Positions of voxels of vessels, and of lung at the chest wall. */
  vessels: Int32Array;
  wall: Int32Array;
  blur: ScanBlur;
  noise: ScanNoise;
}

/** Vessels, walls and nodules are above this, air-filled lung below. */
export const DENSE_HU = -500;
/** Vessels are brighter, so that partial volume does not count. */
const VESSEL_HU = -350;
/** A connected bright structure is a vessel from this volume and length; smaller ones may be nodules. */
const VESSEL_MM3 = 120;
const VESSEL_MM = 12;

/**
 * Surveys a scan: lungs, vessels, chest wall, blur and noise.
 * @throws NoduleTrainError `insert-scan` for a scan that is not in HU or has no lungs, `spacing-unknown`,
 * `insert-noise`
 */
export function surveyScan(volume: Volume): ScanSurvey {
  const doing = `inserting nodules into ${volume.uid}`;
  if (volume.intensity !== 'hu')
    throw new NoduleTrainError(
      'insert-scan',
      `${doing}: its values are not Hounsfield units, expected a CT scan in HU. If they are, give --intensity hu.`,
    );
  const spacing = knownSpacing(volume, doing);
  const lungs = lungMask(volume);
  const box = boxOf(lungs, volume.shape);
  if (box === null)
    throw new NoduleTrainError(
      'insert-scan',
      `${doing}: found no lungs, expected air-filled lungs within a chest wall. Give a chest CT.`,
    );
  return {
    volume,
    spacing,
    lungs,
    ...box,
    lungHu: medianLung(volume, lungs),
    vessels: findVessels(volume, lungs, box, spacing),
    wall: findWall(volume, lungs, box, spacing),
    blur: measureBlur(volume, lungs, spacing),
    noise: measureNoise(volume, lungs),
  };
}

interface Box {
  low: Index3;
  high: Index3;
}

function boxOf(mask: Uint8Array, [slices, rows, columns]: Shape3): Box | null {
  const low = [slices, rows, columns] as [number, number, number];
  const high = [-1, -1, -1] as [number, number, number];
  for (let i = 0, line = 0; i < slices; i++) {
    for (let r = 0; r < rows; r++, line += columns) {
      const part = mask.subarray(line, line + columns);
      const first = part.indexOf(1);
      if (first < 0) continue;
      for (const [axis, from, to] of [
        [0, i, i],
        [1, r, r],
        [2, first, part.lastIndexOf(1)],
      ] as const) {
        low[axis] = Math.min(low[axis], from);
        high[axis] = Math.max(high[axis], to);
      }
    }
  }
  return high[0] < 0 ? null : { low, high };
}

function medianLung({ voxels, scale, offset }: Volume, lungs: Uint8Array): number {
  const values: number[] = [];
  for (let at = 0; at < voxels.length; at += 7) {
    const hu = voxels[at]! * scale + offset;
    if (lungs[at] === 1 && hu < DENSE_HU) values.push(hu);
  }
  return median(Float64Array.from(values)) ?? -860;
}

/** Finds bright connected structures in the lungs that are too long for nodules. */
function findVessels(volume: Volume, lungs: Uint8Array, { low, high }: Box, spacing: Vector3): Int32Array {
  const { voxels, scale, offset } = volume;
  const shape: Shape3 = [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1];
  const bright = new Uint8Array(shape[0] * shape[1] * shape[2]);
  const positions = (visit: (inBox: number, inScan: number) => void) => visitBox(volume.shape, { low, high }, visit);
  positions((inBox, at) => {
    if (lungs[at] === 1 && voxels[at]! * scale + offset > VESSEL_HU) bright[inBox] = 1;
  });
  const { labels, components } = connectedComponents(bright, shape, 26);
  const kept = new Uint8Array(components.length + 1);
  for (const { label, voxels: count, low: from, high: to } of components) {
    const mm = [0, 1, 2].map((axis) => (to[axis]! - from[axis]! + 1) * spacing[2 - axis]!);
    if (count * spacing[0] * spacing[1] * spacing[2] < VESSEL_MM3 || Math.hypot(...mm) < VESSEL_MM) continue;
    kept[label] = 1;
  }
  const found: number[] = [];
  positions((inBox, at) => {
    if (kept[labels[inBox]!] === 1) found.push(at);
  });
  return Int32Array.from(found);
}

/** Body tissue reaches at least this far behind the pleura of the chest wall, and no lung follows. */
const WALL_MM = [3, 6, 10, 14] as const;

/**
 * Finds lung voxels at the chest wall: on the side away from the middle of both lungs in their slice, with nothing but
 * tissue behind. The mediastinum, the heart and the diaphragm are on the other side.
 */
function findWall(volume: Volume, lungs: Uint8Array, { low, high }: Box, spacing: Vector3): Int32Array {
  const [, rows, columns] = volume.shape;
  const found: number[] = [];
  for (let i = low[0]; i <= high[0]; i++) {
    const plane = i * rows * columns;
    let [sumX, sumY, count] = [0, 0, 0];
    for (let r = low[1]; r <= high[1]; r++)
      for (let c = low[2]; c <= high[2]; c++)
        if (lungs[plane + r * columns + c] === 1) {
          sumX += c;
          sumY += r;
          count++;
        }
    if (count === 0) continue;
    const [midX, midY] = [(sumX / count) * spacing[0], (sumY / count) * spacing[1]];
    for (let r = Math.max(1, low[1]); r <= Math.min(rows - 2, high[1]); r++) {
      for (let c = Math.max(1, low[2]); c <= Math.min(columns - 2, high[2]); c++) {
        const at = plane + r * columns + c;
        if (lungs[at] === 0) continue;
        if (lungs[at - 1]! + lungs[at + 1]! + lungs[at - columns]! + lungs[at + columns]! === 4) continue;
        const [x, y] = [c * spacing[0] - midX, r * spacing[1] - midY];
        const far = Math.hypot(x, y);
        const behind = (mm: number) => {
          const [column, row] = [
            Math.round(c + ((x / far) * mm) / spacing[0]),
            Math.round(r + ((y / far) * mm) / spacing[1]),
          ];
          return row >= 0 && row < rows && column >= 0 && column < columns ? plane + row * columns + column : -1;
        };
        const isWall = WALL_MM.every((mm) => {
          const place = behind(mm);
          return place >= 0 && lungs[place] === 0 && volume.voxels[place]! * volume.scale + volume.offset > -300;
        });
        if (isWall) found.push(at);
      }
    }
  }
  return Int32Array.from(found);
}

/** Visits the voxels of a box, with their position in the box and in the scan. */
export function visitBox(
  [, rows, columns]: Shape3,
  { low, high }: Box,
  visit: (inBox: number, inScan: number) => void,
): void {
  let inBox = 0;
  for (let i = low[0]; i <= high[0]; i++)
    for (let r = low[1]; r <= high[1]; r++) {
      const line = (i * rows + r) * columns;
      for (let c = low[2]; c <= high[2]; c++) visit(inBox++, line + c);
    }
}
