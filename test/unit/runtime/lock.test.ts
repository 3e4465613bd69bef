import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { beforeEach, expect, it } from 'vitest';
import { tryLock, withLock } from '../../../dist/runtime/files/lock.js';
import { inSupport } from '../../support/paths.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const folder = scratchFolderPerTest('lock');
let file: string;
beforeEach(() => {
  file = path.join(folder, 'x.lock');
});

const refuse = () => {
  throw new Error('waited');
};
const holder = (more: object) =>
  JSON.stringify({ host: os.hostname(), pid: process.pid, started: null, token: 'x', ...more });

it('ten at once run one after another and leave no file', async () => {
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 10 }, () =>
      withLock(
        file,
        () => {},
        async () => {
          most = Math.max(most, ++inside);
          await sleep(5);
          inside--;
        },
      ),
    ),
  );
  expect(most).toBe(1);
  expect(fs.readdirSync(folder)).toEqual([]);
});

it('the lock is released if the work fails', async () => {
  await expect(withLock(file, refuse, async () => Promise.reject(new Error('broke')))).rejects.toThrow('broke');
  expect(await withLock(file, refuse, async () => 7)).toBe(7);
});

it('the lock of a dead process is taken over', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  fs.writeFileSync(file, holder({ pid }));
  expect(await withLock(file, refuse, async () => 7)).toBe(7);
});

it.skipIf(process.platform !== 'linux')('so is one whose pid now belongs to another process (Linux)', async () => {
  fs.writeFileSync(file, holder({ started: '1' }));
  expect(await withLock(file, refuse, async () => 7)).toBe(7);
});

it('the lock of another machine expires after two minutes without a heartbeat', async () => {
  fs.writeFileSync(file, holder({ host: 'elsewhere' }));
  await expect(withLock(file, refuse, async () => 7)).rejects.toThrow('waited');
  const before = Date.now() / 1000 - 121;
  fs.utimesSync(file, before, before);
  expect(await withLock(file, refuse, async () => 7)).toBe(7);
});

it('reports the lock holder to a waiting process', async () => {
  fs.writeFileSync(file, holder({}));
  let reported: unknown;
  const work = withLock(
    file,
    (other) => {
      reported = other;
      fs.rmSync(file);
    },
    async () => 7,
  );
  expect(await work).toBe(7);
  expect(reported).toMatchObject({ host: os.hostname(), pid: process.pid });
});

it('four processes that race for the locks of dead processes never share one', async () => {
  const racer = inSupport('lockRacer.mjs');
  const runs = Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, [racer, folder]));
  const counts = (await Promise.all(runs)).map(({ stdout }) => JSON.parse(stdout));
  expect(counts.reduce((sum, { taken }) => sum + taken, 0)).toBeGreaterThan(40);
  expect(counts.reduce((sum, { shared }) => sum + shared, 0)).toBe(0);
});

it('a damaged lock is left alone for ten seconds, then taken over', () => {
  fs.writeFileSync(file, '');
  expect(tryLock(file)).toEqual({ holder: null });
  const before = Date.now() / 1000 - 11;
  fs.utimesSync(file, before, before);
  expect(tryLock(file)).toHaveProperty('release');
});

it('a process killed while it deletes a dead lock does not block the next one', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  fs.writeFileSync(file, holder({ pid }));
  const gate = `${file}.${createHash('sha256').update(holder({ pid })).digest('hex').slice(0, 16)}`;
  fs.writeFileSync(gate, holder({ pid, token: 'gate' }));
  const taken = tryLock(file);
  expect(taken).toHaveProperty('release');
  if ('release' in taken) taken.release();
  expect(fs.readdirSync(folder)).toEqual([]);
});
