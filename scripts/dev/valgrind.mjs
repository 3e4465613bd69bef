// Runs a script over every part of the addon (make, read, views, autograd, U-Net, optimizer, queue, sharing, files, a worker
// that is ended, disposal) under Valgrind's memcheck, and judges what it says: an error with a frame of our addon in its
// stack, and outside what scripts/dev/valgrind.supp names, is ours. Takes some minutes.
//   npm run valgrind
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { say } from '../setup/steps.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'valgrind-'));
const log = path.join(folder, 'log.xml');
const found = spawnSync(
  'valgrind',
  [
    '--tool=memcheck',
    // V8 writes code and runs it.
    '--smc-check=all-non-file',
    '--error-limit=no',
    '--num-callers=40',
    '--leak-check=no',
    `--suppressions=${path.join(import.meta.dirname, 'valgrind.supp')}`,
    '--xml=yes',
    `--xml-file=${log}`,
    process.execPath,
    '--single-threaded',
    path.join(import.meta.dirname, 'valgrind-subject.mjs'),
  ],
  { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, OMP_NUM_THREADS: '1' } },
);
if (found.error !== undefined) {
  say(`valgrind: it could not be started (${found.error.message}); Debian: apt-get install valgrind`);
  process.exit(1);
}
const errors = fs.readFileSync(log, 'utf8').match(/<error>[\s\S]*?<\/error>/g) ?? [];
const isOurs = (error) => /torch_addon\.node|nodule-train\.node/.test(error);
const kinds = (list) => {
  const counts = new Map();
  for (const error of list) {
    const kind = error.match(/<kind>(.*?)<\/kind>/)?.[1];
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'none';
};
const ours = errors.filter(isOurs);
say(`valgrind: the subject ended with ${found.status ?? found.signal}`);
say(`valgrind: with a frame of the addon: ${kinds(ours)}; without: ${kinds(errors.filter((error) => !isOurs(error)))}`);
for (const error of ours.slice(0, 5)) say(error);
if (ours.length === 0) fs.rmSync(folder, { recursive: true });
else say(`valgrind: all of it is in ${log}`);
process.exitCode = found.status === 0 && ours.length === 0 ? 0 : 1;
