// Nodules that a short run finds on phantoms at four false components per scan, for docs/records/short-runs.md.
// Components above one half are ranked by their mean probability.
//   node scripts/figures/short-run.mjs FOLDER --loss dice-ce --learning-rate 0.002
// Phantoms and run are kept in FOLDER; the options after it are passed to `nodule-train train`.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { loadScans, openDataset } from '../../dist/data/index.js';
import { openModel } from '../../dist/model/openModel.js';
import { predictScan } from '../../dist/model/predictScan.js';
import { candidatesAbove, hits } from '../../dist/score/index.js';

const FALSE_PER_SCAN = 4;
const [folder, ...options] = process.argv.slice(2);
const main = path.join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const cli = (...args) => {
  const { status } = spawnSync(process.execPath, [main, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

for (const [name, count, seed] of [
  ['train', 24, 501],
  ['test', 16, 777],
])
  if (!fs.existsSync(path.join(folder, name)))
    cli('synth', path.join(folder, name), '--count', `${count}`, '--seed', `${seed}`);
const run = path.join(folder, `run-${options.join('-').replaceAll('--', '') || 'defaults'}`);
const common = ['--epochs', '6', '--samples', '2048', '--validation-share', '0.2', '--validate-every', '6'];
cli('train', '--data', path.join(folder, 'train'), '--out', run, ...common, ...options);

const { model } = openModel(path.join(run, 'checkpoints', 'best.safetensors'), 'cpu');
const dataset = await openDataset(path.join(folder, 'test'));
const ranked = [];
let nodules = 0;
for await (const scan of loadScans(
  dataset,
  dataset.scans.map(({ uid }) => uid),
)) {
  const { volume, nodules: known, probabilities } = await predictScan(scan, model);
  for (const candidate of candidatesAbove(probabilities, volume.shape, 0.5).components) {
    const hit = known.flatMap((one, n) => (hits(candidate, one, volume.spacing) ? [nodules + n] : []));
    if (candidate.voxels >= 4) ranked.push({ score: candidate.score, hit });
  }
  nodules += known.length;
}
ranked.sort((a, b) => b.score - a.score);
const found = new Set();
let wrong = 0;
for (const { hit } of ranked) {
  if (hit.length === 0 && ++wrong > FALSE_PER_SCAN * dataset.scans.length) break;
  for (const one of hit) found.add(one);
}
console.log(`${found.size} of ${nodules} nodules found at ${FALSE_PER_SCAN} false components per scan`);
