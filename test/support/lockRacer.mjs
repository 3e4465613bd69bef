// Takes a lock repeatedly for a second, beside other processes, and each time leaves the lock of a dead process behind.
// Prints how often it held the lock, and how often another process held it at the same moment.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { tryLock } from '../../dist/runtime/files/lock.js';

const [folder] = process.argv.slice(2);
const lock = path.join(folder, 'x.lock');
const inside = path.join(folder, 'inside');
const counts = { taken: 0, shared: 0 };
for (const end = Date.now() + 1000; Date.now() < end; ) {
  const taken = tryLock(lock);
  if ('holder' in taken) continue;
  counts.taken++;
  try {
    fs.writeFileSync(inside, '', { flag: 'wx' });
    fs.rmSync(inside);
  } catch {
    counts.shared++;
  }
  const dead = path.join(folder, `dead-${process.pid}`);
  fs.writeFileSync(
    dead,
    JSON.stringify({ pid: 1 << 30, host: os.hostname(), started: '1', token: `${process.pid}-${counts.taken}` }),
  );
  fs.renameSync(dead, lock);
}
console.log(JSON.stringify(counts));
