// Calls every public operator of the dispatcher with malformed arguments, in child processes, and keeps those signatures
// that end the process in src/torch/operators/crashingOperators.js, which the bridge enforces.
//   node scripts/fuzz/operators.mjs [--seed N] [--trials N] [--only TEXT] [--check]
//   --trials   calls of each signature (default 40)
//   --only     signatures whose name contains this text
//   --check    fuzz only what `op(name)` lets through; write nothing; exit 1 where something ends the process
// Wants Linux: the memory of a child is capped by `ulimit -v`.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadNative } from '../../src/runtime/libtorch/load.js';
import { crashingOperators } from '../../src/torch/operators/crashingOperators.js';
import { root, say } from '../setup/steps.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    trials: { type: 'string', default: '40' },
    only: { type: 'string', default: '' },
    check: { type: 'boolean', default: false },
  },
});

/** Virtual memory of a child, of which node and libtorch take about 2 GiB. */
const MEMORY_KIB = 6 << 20;
/** Processor time that one signature may take; what is longer is told, but not kept: it may be honest work. */
const SECONDS = 20;
const childScript = path.join(import.meta.dirname, 'child.mjs');

/** Seconds of processor time of a process, or null where it is gone. */
const processorTime = (pid) => {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
};

/** Runs a child from `start` on. Gives what ended it and at which signature, or null where it came to the end. */
const runChild = (folder, names, start) =>
  new Promise((resolve, reject) => {
    fs.writeFileSync(path.join(folder, 'names.json'), JSON.stringify(names));
    const progress = path.join(folder, 'progress');
    fs.writeFileSync(progress, `${start}`.padEnd(12));
    const line = `ulimit -v ${MEMORY_KIB} && ulimit -c 0 && exec "$0" "$@"`;
    const args = [childScript, folder, String(start), values.seed, values.trials];
    const child = spawn('bash', ['-c', line, process.execPath, ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
    });
    let said = '';
    child.stderr.on('data', (text) => {
      said = (said + text).slice(-2000);
    });
    const at = () => Number.parseInt(fs.readFileSync(progress, 'utf8'), 10);
    let last = { index: -1, time: 0 };
    let isSlow = false;
    const watch = setInterval(() => {
      const time = processorTime(child.pid);
      if (time === null) return;
      if (at() !== last.index) last = { index: at(), time };
      else if (time - last.time > SECONDS) {
        isSlow = true;
        child.kill('SIGKILL');
      }
    }, 1000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      if (code === 0) resolve(null);
      else if (isSlow) resolve({ index: at(), what: 'slow' });
      // bash gives 128 + signal where it did not exec; node aborts by a signal or, out of its own heap, by 134.
      else if (signal !== null || code > 128) resolve({ index: at(), what: signal ?? `exit ${code}` });
      else reject(new Error(`the child ended with code ${code} at ${names[at()]}: ${said}`));
    });
  });

const isPublic = (name) => !name.slice(name.indexOf('::') + 2).startsWith('_');
const names = loadNative()
  .operatorNames()
  .filter((name) => isPublic(name) && name.includes(values.only) && !(values.check && name in crashingOperators));

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nodule-train-fuzz-'));
const found = {};
const slow = [];
const began = Date.now();
try {
  for (let start = 0; start < names.length; ) {
    const end = await runChild(folder, names, start);
    if (end === null) break;
    const name = names[end.index];
    say(
      `fuzz: ${name} ${end.what} (${end.index + 1} of ${names.length}, ${Math.round((Date.now() - began) / 1000)} s)`,
    );
    if (end.what === 'slow') slow.push(name);
    else found[name] = end.what;
    start = end.index + 1;
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
const minutes = ((Date.now() - began) / 60_000).toFixed(1);
say(
  `fuzz: ${names.length} signatures, ${values.trials} calls each, seed ${values.seed}: ${Object.keys(found).length} end the process, ${slow.length} take over ${SECONDS} s (${minutes} minutes)`,
);
if (values.check) process.exitCode = Object.keys(found).length > 0 ? 1 : 0;
else {
  const all = { ...crashingOperators, ...found };
  const lines = Object.keys(all)
    .sort()
    .map((name) => `  '${name}': '${all[name]}',`);
  const file = path.join(root, 'src', 'torch', 'operators', 'crashingOperators.js');
  const text = fs.readFileSync(file, 'utf8');
  const body = lines.length > 0 ? `{\n${lines.join('\n')}\n}` : '{}';
  fs.writeFileSync(
    file,
    text.replace(/Object\.freeze\([^)]*\)/s, () => `Object.freeze(${body})`),
  );
}
