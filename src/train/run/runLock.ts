import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { NoduleTrainError } from '../../runtime/error.js';
import { type Holder, hasEnded, thisProcess } from '../../runtime/files/holder.js';

/**
 * Takes a run folder's lock file, making the folder, and gives the function that releases it. The lock of a dead process of this host is
 * taken over; a process on another host cannot be asked, so its lock is respected.
 *
 * @throws NoduleTrainError `run-in-use`
 */
export function takeRunLock(path: string, run: string): () => void {
  const mine = thisProcess();
  mkdirSync(dirname(path), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, `${JSON.stringify(mine)}\n`);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 4) throw error;
    }
    refuseWhereHeld(path, run, mine.host);
    rmSync(path, { force: true });
  }
}

function refuseWhereHeld(path: string, run: string, here: string): void {
  let holder: Holder;
  try {
    holder = JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return; // Torn or gone: its writer was killed between making and filling it.
  }
  if (holder.host === here && hasEnded(holder)) return;
  throw new NoduleTrainError(
    'run-in-use',
    `opening the run folder ${run}: process ${holder.pid} on ${holder.host} is training in it (${path}). ` +
      'Wait for it, stop it, or give another folder' +
      (holder.host === here ? '.' : '; if that host is gone for good, delete the lock file.'),
  );
}
