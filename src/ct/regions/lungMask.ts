import { knownSpacing } from '../grid/geometry.js';
import { type Shape3, storedValue, type Vector3, type Volume } from '../grid/volume.js';
import { closeInPlane } from './closeInPlane.js';
import { type Component, type Components, connectedComponents } from './components.js';

/** Lung is darker than this; airways are too. */
const lungBelowHu = -500;
/** Bays of the wall up to twice as wide are taken in: juxtapleural nodules, and vessels near the hilum. */
const closingMm = 10;
/** A second lung, or a part of one, has at least this share of the largest; smaller air is bowel, or an airway that meets no lung. */
const leastShare = 0.1;
/** Nothing smaller is a lung, however small the largest is. */
const leastMl = 1;
/** What reaches the sides of the image is the room's air where its median is lower, else a lung that the image cuts. */
const roomBelowHu = -970;
/** Around lungs lie chest wall, heart and liver; around the foam of a table 2 to 5 mm of shell. */
const leastWallMm = 6;

/**
 * A simple lung mask without learning, 1 inside, `[slices, rows, columns]`: the large 6-connected components of voxels below -500 HU
 * that are no room air and lie behind a wall as thick as the body's, closed in each slice with a disc of 10 mm so that vessels and
 * nodules at the wall are inside. Trachea and bronchi are in it where their air meets a lung's; lungs that the scan's edges cut
 * stay. All 0 where there is no lung. Throws 'spacing-unknown'; of a volume that is not in HU it makes no sense.
 */
export function lungMask(volume: Volume): Uint8Array {
  const spacing = knownSpacing(volume, 'making a lung mask');
  const [slices, rows, columns] = volume.shape;
  const cut = storedValue(volume, lungBelowHu);
  const mask = new Uint8Array(volume.voxels.length);
  for (let at = 0; at < mask.length; at++) if (volume.voxels[at]! < cut) mask[at] = 1;
  const found = connectedComponents(mask, volume.shape, 6);
  const kept = lungsAmong(found, volume, spacing);
  for (let at = 0; at < mask.length; at++) mask[at] = kept[found.labels[at]!]!;
  const radius = closingMm / ((spacing[0] + spacing[1]) / 2);
  const plane = rows * columns;
  for (let i = 0; i < slices; i++) closeInPlane(mask.subarray(i * plane, (i + 1) * plane), rows, columns, radius);
  return mask;
}

/** 1 at the labels of lungs. */
function lungsAmong({ labels, components }: Components, volume: Volume, spacing: Vector3): Uint8Array {
  const kept = new Uint8Array(components.length + 1);
  const room = storedValue(volume, roomBelowHu);
  let least = (leastMl * 1000) / (spacing[0] * spacing[1] * spacing[2]);
  for (const component of [...components].sort((a, b) => b.voxels - a.voxels)) {
    if (component.voxels < least) break;
    if (touchesSide(component, volume.shape) && medianOf(component, labels, volume) < room) continue;
    if (wallMm(component, labels, volume.shape, spacing) < leastWallMm) continue;
    // The largest lung comes first, and is what the others are measured by.
    if (!kept.includes(1)) least = Math.max(least, leastShare * component.voxels);
    kept[component.label] = 1;
  }
  return kept;
}

const touchesSide = ({ low, high }: Component, [, rows, columns]: Shape3): boolean =>
  low[1] === 0 || low[2] === 0 || high[1] === rows - 1 || high[2] === columns - 1;

/** Of the stored values of about a thousandth of the component, which is enough. */
function medianOf({ label, voxels, low, high }: Component, labels: Int32Array, volume: Volume): number {
  const [, rows, columns] = volume.shape;
  const values: number[] = [];
  const step = Math.max(1, Math.floor(voxels / 20_000));
  let seen = 0;
  for (let i = low[0]; i <= high[0]; i++) {
    for (let r = low[1]; r <= high[1]; r++) {
      const line = (i * rows + r) * columns;
      for (let at = line + low[2]; at <= line + high[2]; at++) {
        if (labels[at] === label && seen++ % step === 0) values.push(volume.voxels[at]!);
      }
    }
  }
  return median(values);
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

/** More says nothing: the wall is a body's. */
const mostMm = 30;

/**
 * Median thickness of what lies around a component in its slices, left, right, above and below, until the next dark voxel;
 * infinite where the image's sides let no wall be measured.
 */
function wallMm({ label, low, high }: Component, labels: Int32Array, shape: Shape3, [sx, sy]: Vector3): number {
  const [, rows, columns] = shape;
  const walls: number[] = [];
  const measure = (from: number, step: number, room: number, mm: number) => {
    const most = Math.min(room, Math.ceil(mostMm / mm));
    let voxels = 0;
    while (voxels < most && labels[from + voxels * step] === 0) voxels++;
    // A wall that the image cuts may be of any thickness.
    if (voxels > 0 && (voxels < room || voxels * mm >= mostMm)) walls.push(voxels * mm);
  };
  for (let i = low[0]; i <= high[0]; i++) {
    const plane = i * rows * columns;
    for (let r = low[1]; r <= high[1]; r++) {
      const line = plane + r * columns;
      let [first, last] = [low[2], high[2]];
      while (first <= last && labels[line + first] !== label) first++;
      while (last > first && labels[line + last] !== label) last--;
      if (first > last) continue;
      measure(line + first - 1, -1, first, sx);
      measure(line + last + 1, 1, columns - 1 - last, sx);
    }
    for (let c = low[2]; c <= high[2]; c++) {
      const line = plane + c;
      let [first, last] = [low[1], high[1]];
      while (first <= last && labels[line + first * columns] !== label) first++;
      while (last > first && labels[line + last * columns] !== label) last--;
      if (first > last) continue;
      measure(line + (first - 1) * columns, -columns, first, sy);
      measure(line + (last + 1) * columns, columns, rows - 1 - last, sy);
    }
  }
  return walls.length === 0 ? Number.POSITIVE_INFINITY : median(walls);
}
