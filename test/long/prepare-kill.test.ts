import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeQuickScans } from '../../scripts/fixtures/quickScans.mjs';

const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const COUNT = 1000;
const MOMENTS = 10;

let folder: string;
const cli = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 });
const prepare = ['prepare', '--data', 'scans', '--out', 'killed', '--json'];

/**
 * Kills the process some milliseconds after it told that `wanted` scans are done.
 * @returns how many it had told by then, or null where it had ended by itself
 */
async function killAfter(child: ChildProcess, wanted: number): Promise<number | null> {
  const ended = new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));
  let told = 0;
  await new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      told += text.split('"type":"scan"').length - 1;
      if (told >= wanted) resolve();
    });
  });
  await sleep(Math.random() * 200);
  if (child.exitCode !== null || !child.kill('SIGKILL')) return null;
  return (await ended) === 'SIGKILL' ? told : null;
}

const names = (dir: string) => (existsSync(join(folder, dir)) ? readdirSync(join(folder, dir)) : []);
const whole = () => names('killed/scans').filter((name) => !name.endsWith('.tmp')).length;
const halfWritten = () => [...names('killed'), ...names('killed/scans')].filter((name) => name.endsWith('.tmp')).length;
const keys = (store: string) =>
  JSON.parse(readFileSync(join(folder, store, 'store.json'), 'utf8')).scans.map(
    ({ uid, key, sha256 }: Record<string, string>) => [uid, key, sha256],
  );

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nodule-train-prepare-kill-'));
  writeQuickScans(join(folder, 'scans'), COUNT, [32, 128, 128]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('kill -9 at ten moments while 1,000 scans are prepared into one store', () => {
  it.each(Array.from({ length: MOMENTS }, (_, n) => n + 1))('moment %i hits a running process', async (moment) => {
    const before = whole();
    const child = spawn(process.execPath, [main, ...prepare], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
    const wanted = Math.floor(((moment - 1 + Math.random()) / MOMENTS) * (COUNT - 20));
    const told = await killAfter(child, wanted);
    console.log(
      `moment ${moment}: killed when ${told} of ${COUNT} were told; ${before} whole scans before, ${whole()} after, ${halfWritten()} half-written files and folders`,
    );
    expect(told, 'the process had ended before it could be killed').not.toBeNull();
    expect(whole()).toBeGreaterThanOrEqual(before);
    // The index comes at the end: a store that was never finished is none.
    expect(existsSync(join(folder, 'killed', 'store.json'))).toBe(false);
  });

  it('the next call ends it with the files of an uninterrupted one, verified, and nothing half-written left', () => {
    const resumed = cli(...prepare);
    expect(resumed.status, resumed.stderr).toBe(0);
    const end = JSON.parse(resumed.stdout.trim().split('\n').at(-1)!);
    const verified = cli('prepare', '--data', 'scans', '--out', 'killed', '--verify', '--json');
    expect(verified.status, verified.stderr).toBe(0);
    const uninterrupted = cli('prepare', '--data', 'scans', '--out', 'whole', '--json');
    expect(uninterrupted.status, uninterrupted.stderr).toBe(0);
    console.log(`resumed: ${end.kept} of ${end.scans} kept; verified; ${halfWritten()} half-written left`);
    expect(end).toMatchObject({ status: 'finished', scans: COUNT });
    expect(end.kept).toBeGreaterThan(0);
    expect(halfWritten()).toBe(0);
    expect(keys('killed')).toEqual(keys('whole'));
  });
});
