import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { cpuCapability } from './cpu.mjs';
import { measurePreparing, PREPARE_ROWS } from './prepareRows.mjs';
import { peerName, ROWS } from './rows.mjs';
import { writeScan } from './scan.mjs';
import { startSide } from './side.mjs';
import { writeFiles } from './writeFiles.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const usage = `npm run bench -- [--json] [--quick] [--row TEXT] [--python INTERPRETER]
Our training loop beside a plain PyTorch loop of the same network on the same scan, and small operators beside Python's, one
thread each, in alternating blocks; and our readers beside SimpleITK's.
  --json     one object on stdout: {results: [{name, unit, ours, peer, peerName, ratio, goal, cpu, rounds}]};
             preparing also says peakMB and busyCores, of ours and of the peer
  --quick    one short round of each: checks that all rows run, its figures mean nothing
  --row      only rows whose name contains this text
  --python   interpreter with torch 2.11.0 and numpy (default: the pinned environment of npm run python)`;

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Blocks of ours and of every peer variant in turn, so that a change of the machine's speed hits all of them. */
async function measure(row, ours, peer, quick) {
  const variants = [...new Set(row.peers.flat())];
  const sides = [
    { name: 'ours', side: ours, variant: row.ours ?? 'float32' },
    ...variants.map((v) => ({ name: v, side: peer, variant: v })),
  ];
  const rates = new Map(sides.map(({ name }) => [name, []]));
  const steps = quick ? Math.min(row.steps, row.operator ? 100 : 1) : row.steps;
  const rounds = quick ? 1 : 5;
  for (let round = -1; round < rounds; round++) {
    for (const { name, side, variant } of round % 2 ? sides : [...sides].reverse()) {
      const request = {
        work: row.work,
        variant,
        batch: row.batch,
        size: row.size,
        steps: round < 0 && !row.operator ? 1 : steps,
      };
      const seconds = await side.seconds(request);
      // The first round warms caches and kernels up and does not count.
      if (round >= 0) rates.get(name).push(row.rate(seconds / steps, row.batch));
    }
  }
  const typical = new Map([...rates].map(([name, values]) => [name, median(values)]));
  const ahead = (a, b) => (row.better === 'higher' ? a / b : b / a);
  return row.peers.map((tried) => {
    const best = tried.reduce((a, b) => (ahead(typical.get(b), typical.get(a)) > 1 ? b : a));
    const [own, other] = [typical.get('ours'), typical.get(best)];
    return {
      name: row.name,
      unit: row.unit,
      ours: own,
      peer: other,
      peerName: peerName(row, best, tried.length),
      ratio: ahead(own, other),
      goal: row.goal ?? 1,
      rounds,
    };
  });
}

function pinnedPython() {
  const path = execFileSync('npm', ['run', '-s', 'python', '--', '--path'], { cwd: dirname(here), encoding: 'utf8' });
  return path.trim().split('\n').at(-1);
}

function print(results) {
  const table = new Table({
    head: ['what', 'unit', 'ours', 'peer', 'ratio', 'peer is'],
    style: { head: [], border: [] },
  });
  for (const r of results)
    table.push([r.name, r.unit, r.ours.toPrecision(4), r.peer.toPrecision(4), r.ratio.toFixed(2), r.peerName]);
  const { model, capability, flags } = results[0].cpu;
  console.log(table.toString());
  console.log(
    `One thread each, but for our reading of files, which Node does on four. Ratio above 1: ours is ahead. ${model}, kernels ${capability}, ${flags.join(' ')}`,
  );
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    row: { type: 'string', default: '' },
    python: { type: 'string' },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const rows = ROWS.filter(({ name }) => name.includes(values.row));
const preparing = PREPARE_ROWS.filter(({ name }) => name.includes(values.row));
if (rows.length + preparing.length === 0) {
  console.error(
    `--row ${values.row}: no row of that name. Rows: ${[...ROWS, ...PREPARE_ROWS].map(({ name }) => name).join('; ')}`,
  );
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), 'nodule-train-bench-'));
try {
  if (rows.some(({ operator }) => !operator)) await writeScan(folder);
  const python = values.python ?? pinnedPython();
  const training = rows.some(({ operator, files }) => !operator && !files) && {
    peer: await startSide(python, [join(here, 'peers', 'training.py'), folder]),
    ours: await startSide(process.execPath, [join(here, 'training.mjs'), folder]),
  };
  const operators = rows.some(({ operator }) => operator) && {
    peer: await startSide(python, [join(here, 'peers', 'operators.py')], { core: 0 }),
    ours: await startSide(process.execPath, [join(here, 'operators.mjs')], { core: 0 }),
  };
  if (rows.some(({ files }) => files)) await writeFiles(folder, values.quick);
  const files = rows.some(({ files }) => files) && {
    peer: await startSide(python, [join(here, 'peers', 'files.py'), folder]),
    ours: await startSide(process.execPath, [join(here, 'files.mjs'), folder]),
  };
  const cpu = cpuCapability(
    (training || operators || files || { peer: { hello: { capability: 'not asked' } } }).peer.hello.capability,
  );
  const results = [];
  for (const row of rows) {
    process.stderr.write(`${row.name} ...\n`);
    const { ours, peer } = row.operator ? operators : row.files ? files : training;
    for (const result of await measure(row, ours, peer, values.quick)) results.push({ ...result, cpu });
  }
  for (const row of preparing) {
    process.stderr.write(`${row.name} ...\n`);
    results.push({ ...measurePreparing(row, join(folder, 'prepare'), values.quick), cpu });
  }
  for (const pair of [training, operators, files])
    if (pair) {
      pair.peer.end();
      pair.ours.end();
    }
  if (values.json) console.log(JSON.stringify({ results }, null, 2));
  else print(results);
} finally {
  await rm(folder, { recursive: true, force: true });
}
