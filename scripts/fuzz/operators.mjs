// Calls every public operator of the dispatcher with malformed arguments, in child processes. Signatures that crash the
// process are recorded in src/torch/operators/crashingOperators.js, and the bridge refuses them.
//   node scripts/fuzz/operators.mjs [--seed N] [--trials N] [--only TEXT] [--from NAME] [--check]
//   --trials   calls per signature (default 200)
//   --from     only signatures from this name on, in the order of their names
//   --only     only signatures whose name contains this text
//   --check    fuzz only what `op(name)` allows; write nothing; exit with code 1 if a signature crashes the process
// Needs Linux: `ulimit -v` limits the memory of a child.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadNative } from '../../src/runtime/libtorch/load.js';
import { crashingOperators } from '../../src/torch/operators/crashingOperators.js';
import { unsafeReason } from '../../src/torch/operators/unsafeOperators.js';
import { root, say } from '../setup/steps.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    trials: { type: 'string', default: '200' },
    only: { type: 'string', default: '' },
    from: { type: 'string', default: '' },
    check: { type: 'boolean', default: false },
  },
});

/** Limit on the virtual memory of a child. Node and libtorch take about 2 GiB of it. */
const MEMORY_KIB = 3584 << 10;
/** Processor time that one call may take. A slower one is reported but not recorded: it may be legitimate work. */
const SECONDS = 20;
const childScript = path.join(import.meta.dirname, 'child.mjs');

/** Processor time of a process in seconds, or null if it has ended. */
const processorTime = (pid) => {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
};

/** Runs a child from signature `start` on. Returns the signature that ended it and how, or null if it completed. */
const runChild = (folder, names, start) =>
  new Promise((resolve, reject) => {
    fs.writeFileSync(path.join(folder, 'names.json'), JSON.stringify(names));
    const progress = path.join(folder, 'progress');
    fs.writeFileSync(progress, `${start} 0`.padEnd(24));
    const line = `ulimit -v ${MEMORY_KIB} && ulimit -c 0 && exec "$0" "$@"`;
    const args = [childScript, folder, String(start), values.seed, values.trials];
    const child = spawn('bash', ['-c', line, process.execPath, ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
    });
    let messages = '';
    child.stderr.on('data', (text) => {
      messages = (messages + text).slice(-2000);
    });
    const at = () => fs.readFileSync(progress, 'utf8').trim().split(' ').map(Number);
    let last = { index: -1, call: 0, time: 0 };
    let isSlow = false;
    const watch = setInterval(() => {
      const time = processorTime(child.pid);
      if (time === null) return;
      const [index, call] = at();
      if (index !== last.index || call !== last.call) last = { index, call, time };
      else if (time - last.time > SECONDS) {
        isSlow = true;
        child.kill('SIGKILL');
      }
    }, 1000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      const [index, call] = at();
      if (code === 0) resolve(null);
      else if (isSlow) resolve({ index, call, what: 'slow' });
      // bash returns 128 + signal if it did not exec; node aborts with a signal or, out of heap memory, with 134.
      else if (signal !== null || code > 128) resolve({ index, call, what: signal ?? `exit ${code}` });
      else reject(new Error(`fuzzing ${names[index]}: the child ended with exit code ${code}: ${messages}`));
    });
  });

const isPublic = (name) => !name.slice(name.indexOf('::') + 2).startsWith('_');
const isFuzzed = (name) => unsafeReason(name) === null || (!values.check && name in crashingOperators);
const names = loadNative()
  .operatorNames()
  .filter((name) => isPublic(name) && name.includes(values.only) && name >= values.from && isFuzzed(name));

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
      `fuzz: ${name} ${end.what} in call ${end.call} (${end.index + 1} of ${names.length}, ${Math.round((Date.now() - began) / 1000)} s)`,
    );
    if (end.what === 'slow') slow.push(name);
    else found[name] = end.what;
    start = end.index + 1;
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
const minutes = ((Date.now() - began) / 60_000).toFixed(1);
const outcome = `${Object.keys(found).length} crash the process, ${slow.length} with a call of over ${SECONDS} s`;
say(
  `fuzz: ${names.length} signatures, ${values.trials} calls each, seed ${values.seed}: ${outcome} (${minutes} minutes)`,
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
