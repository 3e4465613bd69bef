import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { cpuCapability } from './cpu.mjs';
import { measurePreparing, PREPARE_ROWS } from './prepareRows.mjs';
import { KINDS, peerName, ROWS } from './rows.mjs';
import { writeScan } from './scan.mjs';
import { startSide } from './side.mjs';
import { writeFiles } from './writeFiles.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const usage = `npm run bench -- [--json] [--quick] [--row TEXT] [--python INTERPRETER]
Compares our training loop with a plain PyTorch loop of the same network on the same scan, small operators with
Python's (one thread each, in alternating blocks), and our file readers with SimpleITK's.
  --json     print one object: {results: [{name, unit, ours, peer, peerName, ratio, goal, cpu, rounds}]};
             preparing also has peakMB and busyCores, of ours and of the peer
  --quick    one short round of each row: checks that all rows run, its figures mean nothing
  --row      only rows whose name contains this text
  --python   interpreter with torch 2.11.0, numpy and SimpleITK (default: the pinned environment of npm run python)`;

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Compiling a variant takes up to a minute, so a quick run compiles one. */
const comparisons = ({ peers, compiles }, quick) => (quick && compiles ? [[peers[0][0]]] : peers);

/** Alternates blocks of ours and of every peer variant, so that a change of the machine's speed affects all of them. */
async function measure(row, ours, peer, quick) {
  const variants = [...new Set(comparisons(row, quick).flat())];
  const sides = [
    { name: 'ours', side: ours, variant: row.ours ?? 'float32' },
    ...variants.map((v) => ({ name: v, side: peer, variant: v })),
  ];
  const rates = new Map(sides.map(({ name }) => [name, []]));
  const isOperator = row.kind === 'operators';
  const steps = quick ? Math.min(row.steps, isOperator ? 100 : 1) : row.steps;
  const rounds = quick ? 1 : 5;
  for (let round = -1; round < rounds; round++) {
    for (const { name, side, variant } of round % 2 ? sides : [...sides].reverse()) {
      const request = {
        work: row.work,
        variant,
        batch: row.batch,
        size: row.size,
        steps: round < 0 && !isOperator ? 1 : steps,
      };
      const seconds = await side.seconds(request);
      // The first round warms up caches and kernels and does not count.
      if (round >= 0) rates.get(name).push(row.rate(seconds / steps, row.batch));
    }
  }
  const typical = new Map([...rates].map(([name, values]) => [name, median(values)]));
  const ahead = (a, b) => (row.better === 'higher' ? a / b : b / a);
  return comparisons(row, quick).map((tried) => {
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
    [
      'One thread each, except for our file readers, which use the four threads of Node.',
      'Ratio above 1: ours is faster.',
      `${model}, kernels ${capability}, ${flags.join(' ')}`,
    ].join(' '),
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
const rows = ROWS.filter(({ name, skipQuick }) => name.includes(values.row) && !(values.quick && skipQuick));
const preparing = PREPARE_ROWS.filter(({ name }) => name.includes(values.row));
if (rows.length + preparing.length === 0) {
  console.error(
    `--row ${values.row}: found no such row. Rows: ${[...ROWS, ...PREPARE_ROWS].map(({ name }) => name).join('; ')}`,
  );
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), 'nodule-train-bench-'));
try {
  const kinds = new Set(rows.map(({ kind }) => kind));
  if (kinds.has('training') || kinds.has('files')) await writeScan(folder);
  if (kinds.has('files')) await writeFiles(folder, values.quick);
  const python = kinds.size === 0 ? null : (values.python ?? pinnedPython());
  const pairs = new Map();
  for (const kind of kinds) {
    // Operators take about a microsecond: moving to another core would show.
    const options = kind === 'operators' ? { core: 0 } : {};
    const { program = kind, env = {}, peerEnv = {} } = KINDS[kind] ?? {};
    pairs.set(kind, {
      peer: await startSide(python, [join(here, 'peers', `${program}.py`), folder], {
        ...options,
        env: { ...env, ...peerEnv },
      }),
      ours: await startSide(process.execPath, [join(here, `${program}.mjs`), folder], { ...options, env }),
    });
  }
  const [pair] = pairs.values();
  const cpu = cpuCapability(pair?.peer.hello.capability ?? 'not measured');
  const results = [];
  for (const row of rows) {
    process.stderr.write(`${row.name} ...\n`);
    const { ours, peer } = pairs.get(row.kind);
    for (const result of await measure(row, ours, peer, values.quick)) results.push({ ...result, cpu });
  }
  for (const row of preparing) {
    process.stderr.write(`${row.name} ...\n`);
    results.push({ ...measurePreparing(row, join(folder, 'prepare'), values.quick), cpu });
  }
  for (const { peer, ours } of pairs.values()) {
    peer.end();
    ours.end();
  }
  if (values.json) console.log(JSON.stringify({ results }, null, 2));
  else print(results);
} finally {
  await rm(folder, { recursive: true, force: true });
}
