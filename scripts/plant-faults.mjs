// Faults of ground truth planted in a phantom, one of each kind that the audit looks for: what tests and figures judge it by.
import { lungMask, nearestIndex, worldLPS } from '../dist/ct/index.js';
import { boundingBoxMask } from '../dist/labels/index.js';
import { annotatedNodules } from '../dist/labels/nodulesOfMask.js';

/** A scan to audit from annotated points: labelled by the given mask, or by the box rule where there is none. */
export function labelledScan(volume, points, mask) {
  const annotations = points.map(asAnnotation);
  const made =
    mask === null
      ? boundingBoxMask(volume, annotations)
      : { mask, nodules: annotatedNodules(volume, mask, annotations) };
  const nodules = made.nodules.map(({ annotation, center, boxLow, boxHigh }) => ({
    center,
    centerLps: annotation.center,
    diameterMm: annotation.diameterMm,
    box: { low: boxLow, high: boxHigh },
  }));
  return { volume, mask: made.mask, nodules };
}

const asAnnotation = ({ center, diameterMm }, n) => ({ uid: 'phantom', center, diameterMm, line: n + 2 });

/** The phantom as it is, its exact mask or the box rule's. */
export const cleanScan = ({ volume, nodules, mask }, by) => labelledScan(volume, nodules, by === 'exact' ? mask : null);

/** A ball of 1 in the mask. */
function paintBall(mask, { shape, spacing }, [i, r, c], radiusMm) {
  const [sx, sy, sz] = spacing;
  for (let at = 0; at < mask.length; at++) {
    const column = at % shape[2];
    const row = Math.floor(at / shape[2]) % shape[1];
    const slice = Math.floor(at / (shape[1] * shape[2]));
    if (Math.hypot((slice - i) * sz, (row - r) * sy, (column - c) * sx) <= radiusMm) mask[at] = 1;
  }
}

/** The nodule's own voxels taken out of the mask. */
function without(mask, volume, center) {
  const [{ boxLow, boxHigh }] = annotatedNodules(volume, mask, [asAnnotation({ center, diameterMm: null }, 0)]);
  const left = mask.slice();
  const [, rows, columns] = volume.shape;
  for (let i = boxLow[0]; i <= boxHigh[0]; i++) {
    for (let r = boxLow[1]; r <= boxHigh[1]; r++) {
      left.fill(0, (i * rows + r) * columns + boxLow[2], (i * rows + r) * columns + boxHigh[2] + 1);
    }
  }
  return left;
}

const moved = ([x, y, z], [dx, dy, dz]) => worldLPS(x + dx, y + dy, z + dz);
const replaced = (list, at, item) => list.map((one, n) => (n === at ? item : one));

/** Slices `first` up to `last` of the phantom; points keep their places in the patient. */
function slicesOf({ volume, mask, nodules }, first, last) {
  const plane = volume.shape[1] * volume.shape[2];
  const [x, y, z] = volume.origin;
  return {
    volume: {
      ...volume,
      shape: [last - first, volume.shape[1], volume.shape[2]],
      origin: [x, y, z + first * volume.spacing[2]],
      voxels: volume.voxels.slice(first * plane, last * plane),
    },
    mask: mask.slice(first * plane, last * plane),
    nodules,
  };
}

/** Flat position of the voxel in the middle of the deepest tissue: far from the lungs, in the body. */
function deepInTissue(volume) {
  const lungs = lungMask(volume);
  const [slices, rows, columns] = volume.shape;
  const slice = slices >> 1;
  // The heart and spine between the lungs: the column of the middle, the row that is farthest from any lung.
  const distance = (row, column) => {
    let least = Number.POSITIVE_INFINITY;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        if (lungs[(slice * rows + r) * columns + c] === 0) continue;
        least = Math.min(least, Math.hypot((r - row) * volume.spacing[1], (c - column) * volume.spacing[0]));
      }
    }
    return least;
  };
  let [best, most] = [null, 0];
  for (let r = rows >> 2; r < rows - (rows >> 2); r += 2) {
    const here = distance(r, columns >> 1);
    if (here > most) [best, most] = [[slice, r, columns >> 1], here];
  }
  return best;
}

const worldOf = ({ origin, spacing }, [i, r, c]) =>
  worldLPS(origin[0] + c * spacing[0], origin[1] + r * spacing[1], origin[2] + i * spacing[2]);

/**
 * Each takes a phantom and the number of one of its nodules, and gives a scan to audit in which that nodule is wrong. Phantoms lie
 * straight (identity direction).
 */
export const plants = {
  'outside-volume'({ volume, mask, nodules }, at) {
    const [x] = nodules[at].center;
    const center = moved(nodules[at].center, [-2 * x + 1.2 * volume.shape[2] * volume.spacing[0], 0, 0]);
    return labelledScan(volume, replaced(nodules, at, { ...nodules[at], center }), mask);
  },
  'outside-body'({ volume, nodules }, at) {
    const [, , z] = nodules[at].center;
    const center = worldOf(volume, [0, 3, 3]);
    const one = { ...nodules[at], center: worldLPS(center[0], center[1], z) };
    return labelledScan(volume, replaced(nodules, at, one), null);
  },
  mirrored({ volume, nodules }, at) {
    const [x, y, z] = nodules[at].center;
    return labelledScan(volume, replaced(nodules, at, { ...nodules[at], center: worldLPS(-x, y, z) }), null);
  },
  empty({ volume, mask, nodules }, at) {
    return labelledScan(volume, nodules, without(mask, volume, nodules[at].center));
  },
  'leaves-lung'({ volume, mask, nodules }, at) {
    const center = worldOf(volume, deepInTissue(volume));
    const labels = without(mask, volume, nodules[at].center);
    paintBall(labels, volume, nearestIndex(volume, center), nodules[at].diameterMm / 2);
    return labelledScan(volume, replaced(nodules, at, { ...nodules[at], center }), labels);
  },
  diameter({ volume, mask, nodules }, at) {
    const diameterMm = nodules[at].diameterMm * (nodules[at].diameterMm < 10 ? 2.5 : 0.4);
    return labelledScan(volume, replaced(nodules, at, { ...nodules[at], diameterMm }), mask);
  },
  border(phantom, at) {
    const [slice] = nearestIndex(phantom.volume, phantom.nodules[at].center);
    const cut = slicesOf(phantom, slice, phantom.volume.shape[0]);
    const inside = cut.nodules.filter(({ center }, n) => n === at || nearestIndex(cut.volume, center)[0] >= 8);
    return labelledScan(cut.volume, inside, cut.mask);
  },
  overlapping({ volume, mask, nodules }, at) {
    const { diameterMm } = nodules[at];
    // A second nodule beside it, whose mask touches the first one's.
    const side = nodules[at].center[0] > 0 ? -1 : 1;
    const center = moved(nodules[at].center, [side * Math.max(3.5, 0.75 * diameterMm), 0, 0]);
    const labels = mask.slice();
    paintBall(labels, volume, nearestIndex(volume, center), Math.max(diameterMm / 2, volume.spacing[0]));
    return labelledScan(volume, [...nodules, { center, diameterMm }], labels);
  },
  duplicate({ volume, mask, nodules }, at) {
    const { center, diameterMm } = nodules[at];
    const twin = { center: moved(center, [1, -1, 0.5]), diameterMm: diameterMm * 1.1 };
    return labelledScan(volume, [...nodules, twin], mask);
  },
};
