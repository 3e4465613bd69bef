import { knownSpacing } from '../grid/geometry.js';
import { type Shape3, storedValue, type Vector3, type Volume } from '../grid/volume.js';
import { upperMedian } from '../median.js';
import { closeInPlane } from './closeInPlane.js';
import { type ComponentRuns, ComponentStream } from './componentStream.js';
import { type Component, touchesSide } from './components.js';

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
  const plane = rows * columns;
  const dark = new Uint8Array(volume.voxels.length);
  const cut = storedValue(volume, lungBelowHu);
  const stream = new ComponentStream(volume.shape, 6);
  for (let i = 0; i < slices; i++) {
    for (let at = i * plane; at < (i + 1) * plane; at++) dark[at] = volume.voxels[at]! < cut ? 1 : 0;
    stream.add(i, dark, i * plane);
  }
  const found = stream.finish();
  const kept = lungsAmong(found, dark, volume, spacing);
  // The same memory, because a scan can have 200 million voxels.
  const mask = dark.fill(0);
  for (let run = 0; run < found.count; run++) {
    const line = found.line[run]! * columns;
    if (kept[found.label[run]!] === 1) mask.fill(1, line + found.start[run]!, line + found.end[run]!);
  }
  const radius = closingMm / ((spacing[0] + spacing[1]) / 2);
  for (let i = 0; i < slices; i++) closeInPlane(mask.subarray(i * plane, (i + 1) * plane), rows, columns, radius);
  return mask;
}

/** A table by label: 1 for lungs, else 0. */
function lungsAmong(found: ComponentRuns, dark: Uint8Array, volume: Volume, spacing: Vector3): Uint8Array {
  const { components } = found;
  const kept = new Uint8Array(components.length + 1);
  const room = storedValue(volume, roomBelowHu);
  let least = (leastMl * 1000) / (spacing[0] * spacing[1] * spacing[2]);
  for (const component of [...components].sort((a, b) => b.voxels - a.voxels)) {
    if (component.voxels < least) break;
    if (touchesSide(component, volume.shape) && medianOf(component, found, volume) < room) continue;
    if (wallMm(component, found, dark, volume.shape, spacing) < leastWallMm) continue;
    // The largest lung comes first, and sets the least size of the others.
    if (!kept.includes(1)) least = Math.max(least, leastShare * component.voxels);
    kept[component.label] = 1;
  }
  return kept;
}

/** Median of the stored values of a component, from about 20,000 of its voxels. */
function medianOf({ label, voxels }: Component, found: ComponentRuns, { voxels: stored, shape }: Volume): number {
  const values: number[] = [];
  const step = Math.max(1, Math.floor(voxels / 20_000));
  let seen = 0;
  for (let run = 0; run < found.count; run++) {
    if (found.label[run] !== label) continue;
    const start = found.line[run]! * shape[2] + found.start[run]!;
    const length = found.end[run]! - found.start[run]!;
    // Every `step`-th voxel of the component.
    for (let at = (step - (seen % step)) % step; at < length; at += step) values.push(stored[start + at]!);
    seen += length;
  }
  return upperMedian(Float64Array.from(values))!;
}

/** Thickness up to which walls are measured; anything thicker is a body. */
const mostMm = 30;

/**
 * Median thickness in mm of the wall around a component in its slices (left, right, above and below), up to the next
 * dark voxel; infinite where the edges of the image hide every wall.
 */
function wallMm(
  { label }: Component,
  found: ComponentRuns,
  dark: Uint8Array,
  [, rows, columns]: Shape3,
  [sx, sy]: Vector3,
): number {
  const walls: number[] = [];
  const measure = (from: number, step: number, room: number, mm: number) => {
    const most = Math.min(room, Math.ceil(mostMm / mm));
    let voxels = 0;
    while (voxels < most && dark[from + voxels * step] === 0) voxels++;
    // The thickness of a wall that the image cuts is unknown.
    if (voxels > 0 && (voxels < room || voxels * mm >= mostMm)) walls.push(voxels * mm);
  };
  // First and last row of the component in each column of a slice.
  const [top, bottom] = [new Int32Array(columns).fill(-1), new Int32Array(columns)];
  const measureColumns = (slice: number) => {
    for (let c = 0; c < columns; c++) {
      if (top[c]! < 0) continue;
      const at = slice * rows * columns + c;
      measure(at + (top[c]! - 1) * columns, -columns, top[c]!, sy);
      measure(at + (bottom[c]! + 1) * columns, columns, rows - 1 - bottom[c]!, sy);
    }
    top.fill(-1);
  };
  let slice = -1;
  for (let run = 0; run < found.count; run++) {
    if (found.label[run] !== label) continue;
    const line = found.line[run]!;
    const row = line % rows;
    if (slice >= 0 && slice * rows + rows <= line) measureColumns(slice);
    slice = (line - row) / rows;
    for (let c = found.start[run]!; c < found.end[run]!; c++) {
      if (top[c]! < 0) top[c] = row;
      bottom[c] = row;
    }
    const first = found.start[run]!;
    measure(line * columns + first - 1, -1, first, sx);
    let last = found.end[run]! - 1;
    for (; run + 1 < found.count && found.line[run + 1] === line; run++) {
      if (found.label[run + 1] !== label) continue;
      last = found.end[run + 1]! - 1;
      for (let c = found.start[run + 1]!; c <= last; c++) {
        if (top[c]! < 0) top[c] = row;
        bottom[c] = row;
      }
    }
    measure(line * columns + last + 1, 1, columns - 1 - last, sx);
  }
  if (slice >= 0) measureColumns(slice);
  return upperMedian(Float64Array.from(walls)) ?? Number.POSITIVE_INFINITY;
}
