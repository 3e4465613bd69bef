// How many inserted nodules a model finds at 1, 2, 4 and 8 false marks per scan, by size, kind and place: figures for
// docs/records/detection.md.
//
//   node scripts/figures/insertedDetection.mjs --data DIR --model default [--scans N] [--threshold P] [--flips]
//
// DIR is what `synth --into` wrote. A mark is a 26-connected component above the threshold, scored by its mean
// probability, at its centroid; a nodule is found by a mark within its radius, and marks on excluded findings are
// dropped (LUNA16's rule). Each scan takes minutes on a CPU.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { openDataset } from '../../dist/data/index.js';
import { openModel, predictScan } from '../../dist/model/index.js';
import { candidatesAbove, hits } from '../../dist/score/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    model: { type: 'string', default: 'default' },
    scans: { type: 'string' },
    threshold: { type: 'string', default: '0.1' },
    flips: { type: 'boolean', default: false },
  },
});
const dataset = await openDataset(values.data);
const listed = parse(readFileSync(join(values.data, 'nodules.csv')), { columns: true });
const { model } = openModel(values.model, 'cpu', { flips: values.flips });
const uids = dataset.scans.map(({ uid }) => uid).slice(0, values.scans && Number(values.scans));

/** Best score of a mark on each nodule (-1: none), and scores of the false marks of all scans. */
const nodules = [];
const wrong = [];
for (const [n, uid] of uids.entries()) {
  const started = performance.now();
  const scan = await predictScan(await dataset.load(uid), model);
  const { spacing, shape } = scan.volume;
  const marks = candidatesAbove(scan.probabilities, shape, Number(values.threshold)).components;
  const rows = listed.filter(({ seriesuid }) => seriesuid === uid);
  scan.nodules.forEach((nodule, k) => {
    const scores = marks.filter((mark) => hits(mark, nodule, spacing)).map(({ score }) => score);
    nodules.push({ ...rows[k], diameter: nodule.diameterMm, score: Math.max(-1, ...scores) });
  });
  const known = [...scan.nodules, ...(scan.ignored ?? [])];
  wrong.push(...marks.filter((mark) => !known.some((one) => hits(mark, one, spacing))).map(({ score }) => score));
  console.error(`${n + 1}/${uids.length} ${uid}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
wrong.sort((a, b) => b - a);

const RATES = [1, 2, 4, 8];
/** Score that a mark must exceed for at most this many false marks per scan. */
const cuts = RATES.map((rate) => wrong[Math.floor(rate * uids.length)] ?? -0.5);
const row = (name, chosen) => {
  const shares = cuts.map((cut) => {
    const found = chosen.filter(({ score }) => score > cut).length;
    return `${found} (${((100 * found) / chosen.length).toFixed(0)} %)`;
  });
  if (chosen.length > 0) console.log(`| ${[name, chosen.length, ...shares].join(' | ')} |`);
};
console.log(
  `${values.model}: ${uids.length} scans, ${nodules.length} nodules, ${wrong.length} false marks above ` +
    `${values.threshold}\n`,
);
console.log(`| nodules | number | ${RATES.map((rate) => `at ${rate} false per scan`).join(' | ')} |`);
console.log('|---|---|---|---|---|---|');
row('all', nodules);
for (const [low, high] of [
  [0, 6],
  [6, 10],
  [10, 15],
  [15, 100],
])
  row(
    high === 100 ? `${low} mm and more` : `${low} – ${high} mm`,
    nodules.filter(({ diameter }) => diameter >= low && diameter < high),
  );
for (const column of ['kind', 'attachment', 'shape'])
  for (const value of [...new Set(nodules.map((one) => one[column]))].sort())
    row(
      value,
      nodules.filter((one) => one[column] === value),
    );
