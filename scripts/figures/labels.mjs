// Dice of each labelling rule against the known masks of the scans in a LUNA16 folder.
//   node scripts/figures/labels.mjs [DIR]            default ../shared/data/luna16
//   node scripts/figures/labels.mjs --phantoms [N]   the box rule by kind of nodule and reach, on N phantoms of each
//                                                    level (default 10)
// DIR/votes/UID_votes.mhd counts the readers who marked each voxel (two or more make the truth); phantoms have their
// exact DIR/masks/UID_mask.mhd.
import path from 'node:path';
import { nearestIndex, readMask, readVolume, worldToIndex } from '../../dist/ct/index.js';
import { openLuna16 } from '../../dist/data/sources/luna16.js';
import { boundingBoxMask, componentAt } from '../../dist/labels/index.js';
import { synthesize } from '../../dist/phantom/index.js';

if (process.argv[2] === '--phantoms') {
  phantoms(Number(process.argv[3] ?? 10));
  process.exit();
}
const dir = process.argv[2] ?? path.resolve(import.meta.dirname, '../../../shared/data/luna16');

/** Rule that labels the voxels above `cutHu` in a ball of `times` the annotated radius. */
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
  ['with box labels fixed (fault 10)', rule({ preset: 'book', compat: { boxLabels: false } })],
  ['with its search fixed (fault 11)', rule({ preset: 'book', compat: { stopOnEither: false } })],
  ['default', rule({})],
  ['default, reach 1', rule({ reach: 1 })],
  ['default, reach 1.1', rule({ reach: 1.1 })],
  ['default, reach 1.2', rule({ reach: 1.2 })],
  ['default, reach 1.3', rule({ reach: 1.3 })],
  ['sphere of the annotated diameter', ball(1, -Infinity)],
  ['ball of 1.15 radii above -600 HU', ball(1.15, -600)],
];

const factors = [1, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3];
const cuts = [-750, -700, -650, -600, -550, -500, -400];
const grid = factors.map(() => cuts.map(() => []));

/** Adds the Dice of each combination of radius factor and HU cut, in one pass over the voxels around the point. */
const fillGrid = (volume, annotation, truth) => {
  const [i, r, c] = worldToIndex(volume, annotation.center);
  const [sx, sy, sz] = volume.spacing;
  const [slices, rows, columns] = volume.shape;
  const radius = annotation.diameterMm / 2;
  const inTruth = new Set(truth);
  const counts = grid.map((row) => row.map(() => [0, 0]));
  const far = factors.at(-1) * radius;
  const from = (at, spacing) => Math.max(0, Math.ceil(at - far / spacing));
  const to = (at, spacing, length) => Math.min(length - 1, Math.floor(at + far / spacing));
  for (let index = from(i, sz); index <= to(i, sz, slices); index++)
    for (let row = from(r, sy); row <= to(r, sy, rows); row++)
      for (let column = from(c, sx); column <= to(c, sx, columns); column++) {
        const mm = Math.hypot((index - i) * sz, (row - r) * sy, (column - c) * sx);
        const position = (index * rows + row) * columns + column;
        for (const [f, factor] of factors.entries())
          for (const [k, cut] of cuts.entries()) {
            if (mm > factor * radius || volume.voxels[position] <= cut) continue;
            counts[f][k][0]++;
            if (inTruth.has(position)) counts[f][k][1]++;
          }
      }
  for (const [f, row] of counts.entries())
    for (const [k, [labelled, shared]] of row.entries()) grid[f][k].push((2 * shared) / (truth.length + labelled));
};

const luna = await openLuna16(dir);
const rows = new Map(rules.map(([name]) => [name, []]));
const heads = [];
for (const { uid, path: scan } of luna.series) {
  const volume = await readVolume(scan, { intensity: 'hu' });
  const exact = luna.maskPath(uid);
  const { voxels } = await readMask(exact ?? path.join(dir, 'votes', `${uid}_votes.mhd`));
  const least = exact === null ? 2 : 1;
  for (const annotation of luna.annotations.get(uid) ?? []) {
    const seed = nearestIndex(volume, annotation.center);
    const truth = componentAt((position) => voxels[position] >= least, volume.shape, seed);
    if (truth.length === 0) {
      console.error(`${uid}, line ${annotation.line}: no voxel is marked at the annotation, skipped`);
      continue;
    }
    fillGrid(volume, annotation, truth);
    heads.push(`${annotation.diameterMm.toFixed(1)} mm`);
    for (const [name, label] of rules) {
      const mask = label(volume, annotation);
      const shared = truth.reduce((sum, position) => sum + mask[position], 0);
      const labelled = mask.reduce((sum, voxel) => sum + voxel, 0);
      rows.get(name).push((2 * shared) / (truth.length + labelled));
    }
  }
}
if (heads.length === 0) throw new Error(`reading the labels of ${dir}: found no marked nodule`);
const line = (cells) => console.log(`| ${cells.join(' | ')} |`);
// With few nodules one column each, with many the mean and the minimum.
const columns = heads.length > 8 ? [`mean of ${heads.length}`, 'minimum'] : [...heads, 'mean'];
line(['rule', ...columns]);
line(['rule', ...columns].map(() => '---'));
for (const [name, dices] of rows) {
  const mean = dices.reduce((sum, dice) => sum + dice, 0) / dices.length;
  const cells = heads.length > 8 ? [mean, Math.min(...dices)] : [...dices, mean];
  line([name, ...cells.map((dice) => dice.toFixed(3))]);
}
console.log('\nBall with a radius factor (rows) above a fixed HU cut (columns), mean Dice:\n');
line(['factor', ...cuts]);
line(['factor', ...cuts].map(() => '---'));
for (const [f, factor] of factors.entries())
  line([factor, ...grid[f].map((dices) => (dices.reduce((sum, dice) => sum + dice, 0) / dices.length).toFixed(3))]);

/** Prints the rule's Dice on the phantoms on which its constants may be chosen. Real scans are never used for that. */
function phantoms(count) {
  const reaches = [1, 1.05, 1.1, 1.15, 1.2, 1.3];
  const kinds = new Map(['solid', 'part-solid', 'ground-glass'].map((kind) => [kind, reaches.map(() => [])]));
  const levels = ['standard', 'hard'];
  for (const [set, level] of levels.entries()) {
    for (let n = 0; n < count; n++) {
      const { volume, mask, nodules } = synthesize({ seed: 7000 + 1000 * set + n, level });
      for (const { center, diameterMm, kind } of nodules) {
        const annotation = { uid: volume.uid, center, diameterMm, line: 0 };
        const truth = componentAt((position) => mask[position] !== 0, volume.shape, nearestIndex(volume, center));
        if (truth.length === 0) continue;
        for (const [n, reach] of reaches.entries()) {
          const label = boundingBoxMask(volume, [annotation], { reach });
          const shared = truth.reduce((sum, position) => sum + label.mask[position], 0);
          kinds.get(kind)[n].push((2 * shared) / (truth.length + label.nodules[0].voxels));
        }
      }
      process.stderr.write(`\r${level}: ${n + 1} of ${count} phantoms `);
    }
  }
  process.stderr.write('\n');
  console.log('| kind | nodules | reach | mean | minimum | empty |\n| --- | --- | --- | --- | --- | --- |');
  for (const [kind, byReach] of kinds) {
    for (const [n, dices] of byReach.entries()) {
      const mean = dices.reduce((sum, dice) => sum + dice, 0) / dices.length;
      const empty = dices.filter((dice) => dice === 0).length;
      const figures = `${mean.toFixed(3)} | ${Math.min(...dices).toFixed(3)} | ${empty}`;
      console.log(`| ${kind} | ${dices.length} | ${reaches[n]} | ${figures} |`);
    }
  }
}
