import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTensorsSync, scope } from '../../dist/torch/index.js';

const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const MOMENTS = 10;
/** A checkpoint after every step, so that many a moment falls into the writing of one; and a best model from the first epoch on. */
const options = [
  '--threads',
  '1',
  '--epochs',
  '3',
  '--samples',
  '128',
  '--checkpoint-steps',
  '1',
  '--images',
  '1',
  '--compat-zero-is-best',
];
const steps = (3 * 128) / 16;

let folder: string;
const cli = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });
const start = (run: string) =>
  spawn(process.execPath, [main, 'train', '--data', 'scans', '--out', run, ...options, '--json'], { cwd: folder });

const ending = (child: ChildProcess) =>
  new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));

/**
 * Kills the process a random part of a step's time after it told step `wanted` (0: that it has started).
 * @returns the last step told, or null where the process had ended by then
 */
async function killAfter(child: ChildProcess, wanted: number): Promise<number | null> {
  const ended = ending(child);
  let text = '';
  let told = 0;
  let last = performance.now();
  let stepTime = 500;
  await new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.stdout?.on('data', (bytes) => {
      text += bytes;
      const now = Number([...text.matchAll(/"type":"step","step":(\d+)/g)].at(-1)?.[1] ?? 0);
      if (now > told) {
        stepTime = (performance.now() - last) / (now - told);
        [told, last] = [now, performance.now()];
      }
      if (told >= wanted && text.includes('"type":"start"')) resolve();
    });
  });
  await sleep(Math.random() * stepTime);
  if (child.exitCode !== null || !child.kill('SIGKILL')) return null;
  return (await ended) === 'SIGKILL' ? told : null;
}

const checkpoints = (run: string) => {
  const at = join(folder, run, 'checkpoints');
  return existsSync(at) ? readdirSync(at).map((name) => join(at, name)) : [];
};

/** SHA-256 over names and bytes of the weights, in the order of their names. */
function weightsHash(run: string): string {
  const hash = createHash('sha256');
  scope(() => {
    const { tensors } = loadTensorsSync(join(folder, run, 'checkpoints', 'last.safetensors'));
    for (const [name, tensor] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1)))
      if (!name.startsWith('optimizer.') && name !== 'counts')
        hash.update(name).update(new Uint8Array(tensor.data().buffer));
  });
  return hash.digest('hex');
}

let wholeHash: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nodule-train-kill-'));
  const made = cli('synth', 'scans', '--count', '4', '--size', '12,64,64', '--spacing', '5,5,12', '--threads', '1');
  if (made.status !== 0) throw new Error(made.stderr);
  const whole = cli('train', '--data', 'scans', '--out', 'whole', ...options, '--json');
  if (whole.status !== 0) throw new Error(whole.stderr);
  wholeHash = weightsHash('whole');
  console.log(`uninterrupted: ${steps} steps, weights ${wholeHash}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('kill -9 at ten random moments', () => {
  it.each(Array.from({ length: MOMENTS }, (_, n) => n + 1))(
    'moment %i: no checkpoint is torn, and the resumed run ends with the same SHA-256',
    async (moment) => {
      const run = `killed-${moment}`;
      // Within the tenth of the steps that is this moment's, so that early and late ones are among them.
      const wanted = Math.floor(((moment - 1 + Math.random()) / MOMENTS) * (steps - 1));
      const at = await killAfter(start(run), wanted);
      expect(at, 'the run had ended before it could be killed').not.toBeNull();

      const files = checkpoints(run);
      const torn = files.filter((file) => file.endsWith('.tmp')).length;
      for (const file of files.filter((name) => !name.endsWith('.tmp')))
        scope(() => expect(loadTensorsSync(file).tensors.size, file).toBeGreaterThan(0));
      const from = files.some((file) => file.endsWith('last.safetensors'));
      const resumed = cli('train', '--resume', run, '--json');
      expect(resumed.status, resumed.stderr).toBe(0);
      const same = weightsHash(run) === wholeHash;
      console.log(
        `moment ${moment}: killed after step ${at} of ${steps} was told; ` +
          `${files.length - torn} checkpoint files readable, ${torn} half-written temporary files; ` +
          `${from ? 'resumed from the last one' : 'began anew'}; weights ${same ? 'the same' : 'DIFFER'}`,
      );
      expect(same).toBe(true);
      expect(checkpoints(run).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    },
  );
});
