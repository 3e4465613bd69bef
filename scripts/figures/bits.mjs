// What makes a run differ: trains the same short run under different conditions and compares each with the first one.
//   node scripts/figures/bits.mjs FOLDER [--epochs 4]
// Runs are written into FOLDER and kept; one that is already there is not trained again. Prints a table.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadTensorsSync } from '../../dist/torch/index.js';
import { compareRuns } from '../../dist/train/run/compareRuns.js';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { epochs: { type: 'string' } } });
if (positionals.length !== 1) throw new Error('usage: node scripts/figures/bits.mjs FOLDER [--epochs N]');
const folder = resolve(positionals[0]);
mkdirSync(folder, { recursive: true });
const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;

const cli = (args, environment = {}) => {
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(stderr);
};

const conditions = [
  { name: 'one thread', threads: 1 },
  { name: 'one thread again', threads: 1 },
  { name: 'two threads', threads: 2 },
  { name: 'ATEN_CPU_CAPABILITY=avx2', threads: 1, environment: { ATEN_CPU_CAPABILITY: 'avx2' } },
  { name: 'ATEN_CPU_CAPABILITY=default', threads: 1, environment: { ATEN_CPU_CAPABILITY: 'default' } },
  { name: 'ONEDNN_MAX_CPU_ISA=AVX2', threads: 1, environment: { ONEDNN_MAX_CPU_ISA: 'AVX2' } },
];
const runOf = (at) => join(folder, `run-${at + 1}`);

if (!existsSync(join(folder, 'scans')))
  cli(['synth', 'scans', '--count', '6', '--size', '24,96,96', '--spacing', '3,3,6', '--threads', '1']);
for (const [at, { threads, environment }] of conditions.entries())
  if (!existsSync(runOf(at)))
    cli(
      ['train', '--data', 'scans', '--out', runOf(at), '--threads', String(threads), '--images', '0'].concat(
        ['--epochs', values.epochs ?? '4', '--samples', '512'],
        ['--log-steps', '1'],
      ),
      environment,
    );

const eventsOf = (at) =>
  readFileSync(join(runOf(at), 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const lossesOf = (at) =>
  new Map(eventsOf(at).flatMap(({ type, step, loss }) => (type === 'step' ? [[step, loss]] : [])));
const scoreOf = (at) =>
  eventsOf(at)
    .filter(({ type }) => type === 'validation')
    .at(-1).score;
const weightsOf = (at) =>
  [...loadTensorsSync(join(runOf(at), 'checkpoints', 'last.safetensors')).tensors]
    .filter(([name]) => name.endsWith('weight') && !name.includes('.exp_'))
    .map(([, tensor]) => tensor.data());

const [first, weights] = [lossesOf(0), weightsOf(0)];
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
row(
  'conditions',
  'bit-identical',
  'first step with another loss',
  'last loss',
  'relative distance of the weights',
  'score',
);
row(...Array(6).fill('---'));
for (const [at, { name }] of conditions.entries()) {
  const losses = lossesOf(at);
  const differing = [...losses].find(([step, loss]) => first.get(step) !== loss);
  const { same } = compareRuns(runOf(at), runOf(0));
  let [difference, size] = [0, 0];
  for (const [n, values] of weightsOf(at).entries())
    for (const [i, value] of values.entries()) {
      difference += (value - weights[n][i]) ** 2;
      size += weights[n][i] ** 2;
    }
  const distance = Math.sqrt(difference / size);
  row(
    name,
    same ? 'yes' : 'no',
    `${differing?.[0] ?? '–'} of ${losses.size}`,
    [...losses.values()].at(-1).toFixed(4),
    same ? 0 : distance.toPrecision(2),
    scoreOf(at).toFixed(4),
  );
}
