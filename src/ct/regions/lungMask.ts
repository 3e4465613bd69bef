import { knownSpacing } from '../grid/geometry.js';
import { type Shape3, storedValue, type Vector3, type Volume } from '../grid/volume.js';
import { upperMedian } from '../median.js';
import { closeInPlane } from './closeInPlane.js';
import { type Component, type Components, connectedComponents, touchesSide } from './components.js';

/** Lung and airways are below this. */
const lungBelowHu = -500;
/** Radius of the closing. It fills bays of up to twice this width: juxtapleural nodules, and vessels near the hilum. */
const closingMm = 10;
/**
 * A second lung, or a part of one, has at least this share of the largest; smaller air is bowel, or an airway apart
 * from the lungs.
 */
const leastShare = 0.1;
/** Nothing smaller is a lung. */
const leastMl = 1;
/**
 * A component that reaches the sides of the image is room air where its median is below this, else a lung cut by the
 * image.
 */
const roomBelowHu = -970;
/** Lungs are surrounded by chest wall, heart and liver; the foam of a table by a shell of 2 to 5 mm. */
const leastWallMm = 6;

/**
 * Makes a simple lung mask without learning, `[slices, rows, columns]`, 1 inside: the large 6-connected components of
 * voxels below -500 HU that are not room air and have a wall as thick as a body's, closed in each slice with a disc of
 * 10 mm radius so that vessels and nodules at the wall are included.
 *
 * Trachea and bronchi are included where their air is connected to a lung; lungs cut by the edges of the scan are kept.
 * All 0 where there is no lung. The volume must be in HU.
 * @throws NoduleTrainError `spacing-unknown`
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

/** A table by label: 1 for lungs, else 0. */
function lungsAmong({ labels, components }: Components, volume: Volume, spacing: Vector3): Uint8Array {
  const kept = new Uint8Array(components.length + 1);
  const room = storedValue(volume, roomBelowHu);
  let least = (leastMl * 1000) / (spacing[0] * spacing[1] * spacing[2]);
  for (const component of [...components].sort((a, b) => b.voxels - a.voxels)) {
    if (component.voxels < least) break;
    if (touchesSide(component, volume.shape) && medianOf(component, labels, volume) < room) continue;
    if (wallMm(component, labels, volume.shape, spacing) < leastWallMm) continue;
    // The largest lung comes first, and sets the least size of the others.
    if (!kept.includes(1)) least = Math.max(least, leastShare * component.voxels);
    kept[component.label] = 1;
  }
  return kept;
}

/** Median of the stored values of a component, from about 20,000 of its voxels. */
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
  return upperMedian(Float64Array.from(values))!;
}

/** Thickness up to which walls are measured; anything thicker is a body. */
const mostMm = 30;

/**
 * Median thickness in mm of the wall around a component in its slices (left, right, above and below), up to the next
 * dark voxel; infinite where the edges of the image hide every wall.
 */
function wallMm({ label, low, high }: Component, labels: Int32Array, shape: Shape3, [sx, sy]: Vector3): number {
  const [, rows, columns] = shape;
  const walls: number[] = [];
  const measure = (from: number, step: number, room: number, mm: number) => {
    const most = Math.min(room, Math.ceil(mostMm / mm));
    let voxels = 0;
    while (voxels < most && labels[from + voxels * step] === 0) voxels++;
    // The thickness of a wall that the image cuts is unknown.
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
  return upperMedian(Float64Array.from(walls)) ?? Number.POSITIVE_INFINITY;
}
