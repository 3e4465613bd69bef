// Compares inserted nodules with real ones: density, texture inside and width of the edge, by size.
//
//   node scripts/figures/insertedTexture.mjs --inserted DIR --real NNUNET --sidecar NODULES.csv
//
// DIR is what `synth --into` wrote. NNUNET is a folder in HU with one real nodule per case (imagesTr, labelsTr), and
// NODULES.csv has its columns case, kind, slice_mm, diam_mm and hu_error. Solid nodules only; of the real ones those
// of 2 to 3 mm slices.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { median, nearestIndex, readMask, readVolume, worldLPS } from '../../dist/ct/index.js';
import { openLuna16 } from '../../dist/data/index.js';

const { values } = parseArgs({
  options: { inserted: { type: 'string' }, real: { type: 'string' }, sidecar: { type: 'string' } },
});

/** Mean and SD inside, step between neighbouring voxels inside, and width of the edge, of the mask in a box. */
function measure({ voxels, shape, spacing }, mask, { low, high }) {
  const [, rows, columns] = shape;
  const [sx, sy] = spacing;
  const inside = [];
  const steps = [];
  const bins = new Map();
  for (let i = low[0]; i <= high[0]; i++) {
    const at = (r, c) => (i * rows + r) * columns + c;
    for (let r = low[1]; r <= high[1]; r++) {
      for (let c = low[2]; c <= high[2]; c++) {
        const own = mask[at(r, c)] > 0;
        let nearest = 6;
        for (let y = -8; y <= 8; y++)
          for (let x = -8; x <= 8; x++) {
            const [r2, c2] = [r + y, c + x];
            if (r2 < 0 || c2 < 0 || r2 >= rows || c2 >= columns || mask[at(r2, c2)] > 0 === own) continue;
            nearest = Math.min(nearest, Math.hypot(x * sx, y * sy) - sx / 2);
          }
        const depth = own ? nearest : -nearest;
        const hu = voxels[at(r, c)];
        if (depth >= 2) {
          inside.push(hu);
          if (mask[at(r, c + 1)] > 0 && mask[at(r, c + 2)] > 0 && mask[at(r, c + 3)] > 0)
            steps.push(voxels[at(r, c + 1)] - hu);
        }
        if (Math.abs(depth) > 5.5) continue;
        const bin = Math.round(2 * depth) / 2;
        bins.set(bin, [...(bins.get(bin) ?? []), hu]);
      }
    }
  }
  if (inside.length < 12) return null;
  const mean = inside.reduce((a, b) => a + b, 0) / inside.length;
  const sd = Math.sqrt(inside.reduce((a, b) => a + (b - mean) ** 2, 0) / inside.length);
  const step = Math.sqrt(steps.reduce((a, b) => a + b * b, 0) / Math.max(1, steps.length) / 2);
  const profile = [...bins.keys()].sort((a, b) => a - b).map((bin) => [bin, median(Float64Array.from(bins.get(bin)))]);
  return { mean, sd, step, edge: edgeWidth(profile) };
}

/** Distance in mm between 16 and 84 % of the step from lung to nodule; null where no lung is around. */
function edgeWidth(profile) {
  const dark = profile.find(([bin]) => bin >= -4.5)?.[1];
  const bright = Math.max(...profile.map(([, hu]) => hu));
  if (dark === undefined || dark > -650) return null;
  const crossing = (share) => {
    const level = dark + share * (bright - dark);
    for (let n = 1; n < profile.length; n++) {
      const [[x0, y0], [x1, y1]] = [profile[n - 1], profile[n]];
      if (x0 >= -4.5 && y0 < level && y1 >= level) return x0 + ((level - y0) / (y1 - y0)) * (x1 - x0);
    }
    return Number.NaN;
  };
  const width = crossing(0.84) - crossing(0.16);
  return width > 0 ? width : null;
}

const boxOf = (shape, center, spacing, radius) => {
  const half = [radius / spacing[2], radius / spacing[1], radius / spacing[0]];
  return {
    low: center.map((place, axis) => Math.max(0, Math.ceil(place - half[axis]))),
    high: center.map((place, axis) => Math.min(shape[axis] - 4, Math.floor(place + half[axis]))),
  };
};

async function insertedNodules(dir) {
  const kinds = parse(readFileSync(join(dir, 'nodules.csv')), { columns: true });
  const luna = await openLuna16(dir);
  const found = [];
  for (const { uid, path } of luna.series) {
    const volume = await readVolume(path, { intensity: 'hu' });
    const mask = (await readMask(luna.maskPath(uid))).voxels;
    for (const row of kinds.filter(({ seriesuid }) => seriesuid === uid)) {
      if (row.kind !== 'solid') continue;
      const center = nearestIndex(volume, worldLPS(+row.coordX, +row.coordY, +row.coordZ));
      const diameter = Number(row.diameter_mm);
      const figures = measure(volume, mask, boxOf(volume.shape, center, volume.spacing, 0.8 * diameter + 6));
      if (figures !== null) found.push({ diameter, ...figures });
    }
  }
  return found;
}

async function realNodules(dir, sidecar) {
  const found = [];
  for (const row of parse(readFileSync(sidecar), { columns: true })) {
    if (row.kind !== 'solid' || Number(row.slice_mm) < 2 || Number(row.slice_mm) > 3 || row.diam_mm === '') continue;
    if (Number(row.hu_error) > 20) continue;
    try {
      const volume = await readVolume(join(dir, 'imagesTr', `${row.case}_0000.nii.gz`), { intensity: 'hu' });
      const mask = (await readMask(join(dir, 'labelsTr', `${row.case}.nii.gz`))).voxels;
      const [slices, rows, columns] = volume.shape;
      const figures = measure(volume, mask, { low: [0, 10, 10], high: [slices - 1, rows - 11, columns - 11] });
      if (figures !== null) found.push({ diameter: Number(row.diam_mm), ...figures });
    } catch (error) {
      if (error.code !== 'scan-missing') throw error;
    }
  }
  return found;
}

const quartiles = (list) => {
  const sorted = list.filter((value) => value !== null && Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return '–';
  const at = (q) => sorted[Math.floor(q * (sorted.length - 1))];
  const digits = Math.abs(at(0.5)) < 10 ? 1 : 0;
  return `${at(0.5).toFixed(digits)} (${at(0.25).toFixed(digits)} – ${at(0.75).toFixed(digits)})`;
};

console.log('| nodules | diameter, mm | number | mean, HU | SD, HU | SD of steps, HU | edge 16 – 84 %, mm |');
console.log('|---|---|---|---|---|---|---|');
const sets = [
  ['real', values.real && (await realNodules(values.real, values.sidecar))],
  ['inserted', values.inserted && (await insertedNodules(values.inserted))],
];
for (const [name, nodules] of sets) {
  for (const [low, high] of [
    [6, 10],
    [10, 15],
    [15, 30],
  ]) {
    const here = (nodules || []).filter(({ diameter }) => diameter >= low && diameter < high);
    if (here.length === 0) continue;
    const cells = ['mean', 'sd', 'step', 'edge'].map((figure) => quartiles(here.map((one) => one[figure])));
    console.log(`| ${[name, `${low} – ${high}`, here.length, ...cells].join(' | ')} |`);
  }
}
