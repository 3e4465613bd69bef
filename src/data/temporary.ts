import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { hasEnded, thisProcess } from '../runtime/files/holder.js';

const thisHost = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** A name beside `path` to write under before it is renamed. It says which process writes there. */
export const temporaryName = (path: string): string => {
  const { pid, started } = thisProcess();
  return `${path}.${thisHost}-${pid}-${started ?? 0}.${randomBytes(6).toString('hex')}.tmp`;
};

/** A process of another host cannot be asked whether it still writes. */
const silentMs = 24 * 60 * 60 * 1000;

/** Whether the process that a temporary name names has ended, or is of another host and a day old. */
export async function isAbandoned(path: string): Promise<boolean> {
  const [, host, pid, started] = /\.([0-9a-f]{8})-(\d+)-(\d+)\.[0-9a-f]+\.tmp$/.exec(path) ?? [];
  if (host === thisHost) return hasEnded({ pid: Number(pid), started: started === '0' ? null : started! });
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > silentMs,
    () => false,
  );
}

/** Takes away what killed processes were writing in a folder; what a living one writes stays. */
export async function sweepAbandoned(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.endsWith('.tmp')) continue;
    const path = join(dir, name);
    if (await isAbandoned(path)) await rm(path, { recursive: true, force: true });
  }
}
