import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { cliIn, jsonLines, startCli } from '../support/cli.js';
import { writeQuickScans } from '../support/quickScans.mjs';
import { scratchFolder } from '../support/scratch.js';

const COUNT = 1000;
const MOMENTS = 10;

const folder = scratchFolder('prepare-kill');
const cli = cliIn(folder, { deadline: 30 * 60_000 });
const prepare = ['prepare', '--data', 'scans', '--out', 'killed', '--json'];

/**
 * Kills the process some milliseconds after it reported that `count` scans are done.
 * @returns how many it had reported by then, or null when it had already ended
 */
async function killAfter(child: Child, count: number): Promise<number | null> {
  const reported = (text = child.stdout()) => text.split('"type":"scan"').length - 1;
  await child.said((text) => reported(text) >= count).catch(() => {});
  await sleep(Math.random() * 200);
  child.process.kill('SIGKILL');
  return (await child.ended).signal === 'SIGKILL' ? reported() : null;
}

const names = (dir: string) => (existsSync(join(folder, dir)) ? readdirSync(join(folder, dir)) : []);
const whole = () => names('killed/scans').filter((name) => !name.endsWith('.tmp')).length;
const halfWritten = () => [...names('killed'), ...names('killed/scans')].filter((name) => name.endsWith('.tmp')).length;
const keys = (store: string) =>
  JSON.parse(readFileSync(join(folder, store, 'store.json'), 'utf8')).scans.map(
    ({ uid, key, sha256 }: Record<string, string>) => [uid, key, sha256],
  );

beforeAll(() => {
  writeQuickScans(join(folder, 'scans'), COUNT, [32, 128, 128]);
});

describe('kill -9 at ten moments while 1,000 scans are prepared into one store', () => {
  it.each(Array.from({ length: MOMENTS }, (_, n) => n + 1))('moment %i hits a running process', async (moment) => {
    const before = whole();
    const child = startCli(prepare, { cwd: folder, deadline: 30 * 60_000 });
    const wanted = Math.floor(((moment - 1 + Math.random()) / MOMENTS) * (COUNT - 20));
    const done = await killAfter(child, wanted);
    console.log(
      `moment ${moment}: killed when ${done} of ${COUNT} were reported; ${before} whole scans before, ` +
        `${whole()} after, ${halfWritten()} half-written files and folders`,
    );
    expect(done, 'the process had ended before it could be killed').not.toBeNull();
    expect(whole()).toBeGreaterThanOrEqual(before);
    // The index is written last: a folder without one is not a store.
    expect(existsSync(join(folder, 'killed', 'store.json'))).toBe(false);
  });

  it('the next call finishes with the files of an uninterrupted one, which verify, and nothing half-written', () => {
    const resumed = cli(...prepare);
    expect(resumed.status, resumed.stderr).toBe(0);
    const end = jsonLines(resumed.stdout).at(-1)!;
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
