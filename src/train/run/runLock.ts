import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { NoduleTrainError, thisProcess, tryLock } from '../../runtime/index.js';

/**
 * Takes a run folder's lock file, creating the folder, and returns the function that releases it. The lock of a dead
 * process on this host is taken over. A process on another host cannot be queried, and a training step that takes
 * minutes sends no heartbeat, so its lock is respected however old it is.
 *
 * @throws NoduleTrainError `run-in-use`
 */
export function takeRunLock(path: string, run: string): () => void {
  mkdirSync(dirname(path), { recursive: true });
  const taken = tryLock(path, { silentMs: Number.POSITIVE_INFINITY });
  if ('release' in taken) return taken.release;
  const { holder } = taken;
  const found =
    holder === null
      ? `the lock file ${path} is damaged and less than ten seconds old. Try again in ten seconds`
      : `process ${holder.pid} on ${holder.host} is training in it (${path}). ` +
        'Wait for it, stop it, or give another folder';
  const isRemote = holder !== null && holder.host !== thisProcess().host;
  const hint = isRemote ? '; if that host is gone for good, delete the lock file.' : '.';
  throw new NoduleTrainError('run-in-use', `opening the run folder ${run}: ${found}${hint}`);
}
