// How well the rules for ground truth agree with what is known of the scans in a LUNA16 folder.
// node scripts/label-figures.mjs [DIR], by default ../shared/data/luna16
// DIR/votes/UID_votes.mhd counts readers per voxel (two make the truth); phantoms bring their exact DIR/masks/UID_mask.mhd.
import path from 'node:path';
import { nearestIndex, readMask, readVolume, worldToIndex } from '../dist/ct/index.js';
import { openLuna16 } from '../dist/data/luna16.js';
import { boundingBoxMask, componentAt } from '../dist/labels/index.js';

const dir = process.argv[2] ?? path.resolve(import.meta.dirname, '../../shared/data/luna16');

/** The ball of `times` the annotated radius, and of it what is denser than `cutHu`. */
const ball = (times, cutHu) => (volume, annotation) => {
  const [i, r, c] = worldToIndex(volume, annotation.center);
  const [sx, sy, sz] = volume.spacing;
  const [, rows, columns] = volume.shape;
  return volume.voxels.map((hu, position) => {
    const row = Math.floor(position / columns) % rows;
    const index = Math.floor(position / (columns * rows));
    const mm = Math.hypot((index - i) * sz, (row - r) * sy, ((position % columns) - c) * sx);
    return mm <= (times * annotation.diameterMm) / 2 && hu > cutHu ? 1 : 0;
  });
};
const rule = (options) => (volume, annotation) => boundingBoxMask(volume, [annotation], options).mask;

const rules = [
  ["the book's rule", rule({ preset: 'book' })],
  ['its box labels mended (fault 10)', rule({ preset: 'book', compat: { boxLabels: false } })],
  ['its search mended (fault 11)', rule({ preset: 'book', compat: { stopOnEither: false } })],
  ['default', rule({})],
  ['default, reach 1', rule({ reach: 1 })],
  ['default, reach 1.1', rule({ reach: 1.1 })],
  ['default, reach 1.2', rule({ reach: 1.2 })],
  ['default, reach 1.3', rule({ reach: 1.3 })],
  ['sphere of the annotated diameter', ball(1, -Infinity)],
  ['ball of 1.15 radii above -600 HU', ball(1.15, -600)],
];

const luna = await openLuna16(dir);
const rows = new Map(rules.map(([name]) => [name, []]));
const heads = [];
for (const { uid, path: scan } of luna.series) {
  const volume = await readVolume(scan);
  const exact = luna.maskPath(uid);
  const { voxels } = await readMask(exact ?? path.join(dir, 'votes', `${uid}_votes.mhd`));
  const least = exact === null ? 2 : 1;
  for (const annotation of luna.annotations.get(uid) ?? []) {
    const seed = nearestIndex(volume, annotation.center);
    const truth = componentAt((position) => voxels[position] >= least, volume.shape, seed);
    if (truth.length === 0) {
      console.error(`${uid}, line ${annotation.line}: nothing is marked at the annotation, left out`);
      continue;
    }
    heads.push(`${annotation.diameterMm.toFixed(1)} mm`);
    for (const [name, label] of rules) {
      const mask = label(volume, annotation);
      const shared = truth.reduce((sum, position) => sum + mask[position], 0);
      const labelled = mask.reduce((sum, voxel) => sum + voxel, 0);
      rows.get(name).push((2 * shared) / (truth.length + labelled));
    }
  }
}
if (heads.length === 0) throw new Error(`${dir}: no nodule is marked`);
const line = (cells) => console.log(`| ${cells.join(' | ')} |`);
// A column for each of a few nodules; of many their number.
const columns = heads.length > 8 ? [`mean of ${heads.length}`, 'least'] : [...heads, 'mean'];
line(['rule', ...columns]);
line(['rule', ...columns].map(() => '---'));
for (const [name, dices] of rows) {
  const mean = dices.reduce((sum, dice) => sum + dice, 0) / dices.length;
  const cells = heads.length > 8 ? [mean, Math.min(...dices)] : [...dices, mean];
  line([name, ...cells.map((dice) => dice.toFixed(3))]);
}
