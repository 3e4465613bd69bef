import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensorsHash } from '../../dist/model/tensorsHash.js';
import { loadTensorsSync, scope } from '../../dist/torch/index.js';

const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const KILLS = 20;
/** What can be had around a step, all at once; 48 steps of two batches of 8, the last of which is filled up. */
const options = [
  ...['--epochs', '12', '--samples', '56', '--batch', '8', '--accumulate', '2', '--ema', '0.9', '--clip-norm', '0.5'],
  ...['--optimizer', 'adamw', '--schedule', 'one-cycle', '--on-nan', 'skip', '--loss', 'dice-ce', '--threads', '1'],
  ...['--images', '1', '--compat-zero-is-best'],
];
const steps = 12 * 4;

let folder: string;
const cli = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });
const ended = (child: ChildProcess) =>
  new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));

type Aim = 'any moment' | 'a checkpoint' | 'a validation';

/**
 * Kills the process at a random moment after it told step `from`: at any one, as soon as a temporary file of a checkpoint is there, or in a validation.
 * @returns the last step told, or null where the process had ended by then
 */
async function killAt(child: ChildProcess, aim: Aim, from: number, checkpoints: string): Promise<number | null> {
  const end = ended(child);
  let text = '';
  const told = () => Number([...text.matchAll(/"type":"step","step":(\d+)/g)].at(-1)?.[1] ?? 0);
  mkdirSync(checkpoints, { recursive: true });
  await new Promise<void>((resolve) => {
    const watcher = watch(checkpoints, (_, name) => {
      if (aim === 'a checkpoint' && name?.endsWith('.tmp') && told() >= from) done();
    });
    const done = () => {
      watcher.close();
      resolve();
    };
    child.on('exit', done);
    child.stdout?.on('data', (bytes) => {
      text += bytes;
      if (aim === 'any moment' && told() >= from && text.includes('"type":"start"')) done();
      if (aim === 'a validation' && told() >= from && text.includes('"type":"validation-progress"')) done();
    });
  });
  if (aim !== 'a checkpoint') await sleep(Math.random() * (aim === 'any moment' ? 400 : 60));
  if (child.exitCode !== null || !child.kill('SIGKILL')) return null;
  return (await end) === 'SIGKILL' ? told() : null;
}

const filesOf = (run: string) => {
  const at = join(folder, run, 'checkpoints');
  return existsSync(at) ? readdirSync(at).map((name) => join(at, name)) : [];
};

/** SHA-256 over everything in the last checkpoint (weights, optimizer, averages, counts), and the run's state but for its clock and the length of its logs. */
const bits = (run: string) =>
  scope(() => {
    const { tensors, metadata } = loadTensorsSync(join(folder, run, 'checkpoints', 'last.safetensors'));
    expect([...tensors.keys()].some((name) => name.startsWith('average.'))).toBe(true);
    const { secondsInEpoch: _seconds, tensorboard: _position, ...state } = JSON.parse(metadata.state as string);
    return { sha256: tensorsHash(tensors), state };
  });

let whole: ReturnType<typeof bits>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nodule-train-kill-'));
  const made = cli('synth', 'scans', '--count', '4', '--size', '12,64,64', '--spacing', '5,5,12', '--threads', '1');
  if (made.status !== 0) throw new Error(made.stderr);
  const trained = cli('train', '--data', 'scans', '--out', 'whole', ...options, '--json');
  if (trained.status !== 0) throw new Error(trained.stderr);
  whole = bits('whole');
  console.log(`uninterrupted: ${steps} steps, ${whole.sha256}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('one run, killed twenty times', () => {
  it('leaves no torn checkpoint and ends with the bits of a run that was never interrupted', async () => {
    const run = 'killed';
    const at = join(folder, run, 'checkpoints');
    const aims: Aim[] = ['any moment', 'a checkpoint', 'a validation'];
    let from = 0;
    let begun = false;
    for (let kill = 1; kill <= KILLS; kill++) {
      const aim = begun ? (aims[(kill - 1) % aims.length] as Aim) : 'any moment';
      // Begun anew until the run is there. More checkpoints than the other run has, so that more are being written.
      const args = begun
        ? ['--resume', run]
        : ['--data', 'scans', '--out', run, ...options, '--checkpoint-steps', '1', '--keep-checkpoints', '3'];
      if (!begun) rmSync(join(folder, run), { recursive: true, force: true });
      const child = spawn(process.execPath, [main, 'train', ...args, '--json'], { cwd: folder });
      // A little further each time, so that the kills are spread over the run, and the last ones still find it running.
      const wanted = Math.max(from, Math.floor(((kill - 1) / KILLS) * (steps - 8)));
      const last = await killAt(
        child,
        aim,
        begun ? wanted : Math.min(kill - 1, 1),
        begun ? at : join(folder, 'unused'),
      );
      expect(last, `kill ${kill}: the run had ended before it could be killed`).not.toBeNull();
      const files = filesOf(run);
      const whole = files.filter((file) => !file.endsWith('.tmp'));
      for (const file of whole) scope(() => expect(loadTensorsSync(file).tensors.size, file).toBeGreaterThan(0));
      begun = whole.length > 0;
      from = Math.max(from, last as number);
      console.log(
        `kill ${kill}: aimed at ${aim}, last step told ${last || from} of ${steps}, ` +
          `${whole.length} checkpoint files readable, ${files.length - whole.length} half-written`,
      );
    }
    const resumed = cli('train', '--resume', run, '--json');
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(bits(run)).toEqual(whole);
    expect(filesOf(run).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    console.log(`after ${KILLS} kills: ${bits(run).sha256}`);
  });
});
