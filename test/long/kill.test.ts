import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashTensors } from '../../dist/model/hashTensors.js';
import { loadTensorsSync, scope } from '../../dist/torch/index.js';
import type { Child } from '../support/child.js';
import { cliIn, startCli, succeeded } from '../support/cli.js';
import { scratchFolder } from '../support/scratch.js';
import { writeTinyScans } from '../support/tinyScans.js';

const KILLS = 20;
/** Every option that wraps a training step; 48 steps of two batches of 8, the last of which is filled up. */
const options = [
  ...['--epochs', '12', '--samples', '56', '--batch', '8', '--accumulate', '2', '--ema', '0.9', '--clip-norm', '0.5'],
  ...['--optimizer', 'adamw', '--schedule', 'one-cycle', '--on-nan', 'skip', '--loss', 'dice-ce', '--threads', '1'],
  ...['--images', '1', '--compat-zero-is-best'],
];
const steps = 12 * 4;

const folder = scratchFolder('kill');
const cli = cliIn(folder, { deadline: 30 * 60_000 });

type Aim = 'any moment' | 'a checkpoint' | 'a validation';

/**
 * Kills the process at a random moment after it reported step `from`: at any moment, while a checkpoint's temporary
 * file exists, or in a validation.
 * @returns the last step reported, or null when the process had already ended
 */
async function killAt(child: Child, aim: Aim, from: number, checkpoints: string): Promise<number | null> {
  const reported = (text = child.stdout()) =>
    Number([...text.matchAll(/"type":"step","step":(\d+)/g)].at(-1)?.[1] ?? 0);
  mkdirSync(checkpoints, { recursive: true });
  if (aim === 'a checkpoint') {
    const stop = new AbortController();
    void child.ended.then(() => stop.abort());
    try {
      for await (const { filename } of watch(checkpoints, stop))
        if (filename?.endsWith('.tmp') && reported() >= from) break;
    } catch {
      // The process ended first.
    }
  } else {
    const sign = aim === 'any moment' ? '"type":"start"' : '"type":"validation-progress"';
    await child.said((text) => text.includes(sign) && reported(text) >= from).catch(() => {});
    await sleep(Math.random() * (aim === 'any moment' ? 400 : 60));
  }
  child.process.kill('SIGKILL');
  return (await child.ended).signal === 'SIGKILL' ? reported() : null;
}

const filesOf = (run: string) => {
  const at = join(folder, run, 'checkpoints');
  return existsSync(at) ? readdirSync(at).map((name) => join(at, name)) : [];
};

/**
 * SHA-256 over everything in the last checkpoint (weights, optimizer, averages, counts), and the run's state without
 * its clock and the length of its logs.
 */
const bits = (run: string) =>
  scope(() => {
    const { tensors, metadata } = loadTensorsSync(join(folder, run, 'checkpoints', 'last.safetensors'));
    expect([...tensors.keys()].some((name) => name.startsWith('average.'))).toBe(true);
    const { secondsInEpoch: _seconds, tensorboard: _position, ...state } = JSON.parse(metadata.state as string);
    return { sha256: hashTensors(tensors), state };
  });

let whole: ReturnType<typeof bits>;
beforeAll(async () => {
  await writeTinyScans(join(folder, 'scans'));
  succeeded(cli('train', '--data', 'scans', '--out', 'whole', ...options, '--json'));
  whole = bits('whole');
  console.log(`uninterrupted: ${steps} steps, ${whole.sha256}`);
});

describe('a run killed twenty times', () => {
  it('leaves no torn checkpoint and ends with the bytes of an uninterrupted run', async () => {
    const run = 'killed';
    const at = join(folder, run, 'checkpoints');
    const aims: Aim[] = ['any moment', 'a checkpoint', 'a validation'];
    let from = 0;
    let begun = false;
    for (let kill = 1; kill <= KILLS; kill++) {
      const aim = begun ? (aims[(kill - 1) % aims.length] as Aim) : 'any moment';
      // Started from scratch until a checkpoint exists. It writes more checkpoints than the other run, for more to hit.
      const args = begun
        ? ['--resume', run]
        : ['--data', 'scans', '--out', run, ...options, '--checkpoint-steps', '1', '--keep-checkpoints', '3'];
      if (!begun) rmSync(join(folder, run), { recursive: true, force: true });
      const child = startCli(['train', ...args, '--json'], { cwd: folder, deadline: 30 * 60_000 });
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
        `kill ${kill}: aimed at ${aim}, last step ${last || from} of ${steps}, ` +
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
