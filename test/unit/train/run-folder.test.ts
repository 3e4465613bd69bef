import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAppendLog } from '../../../dist/train/run/appendLog.js';
import { createRunFolder, openRunFolder, runFolder } from '../../../dist/train/run/runFolder.js';
import { takeRunLock } from '../../../dist/train/run/runLock.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const folder = scratchFolderPerTest('run');

describe('createRunFolder', () => {
  it('creates the folders if there is nothing but the lock', () => {
    const run = runFolder(join(folder, 'a', 'b'));
    takeRunLock(run.lock, run.folder);
    createRunFolder(run);
    expect(existsSync(run.checkpoints)).toBe(true);
  });
  it('rejects a folder that is not empty and says how to continue its run', () => {
    writeFileSync(join(folder, 'x'), '');
    expect(() => createRunFolder(runFolder(folder))).toThrow(`\`npx nodule-train train --resume ${folder}\``);
  });
});

it('openRunFolder rejects a folder that is not a run', () => {
  expect(() => openRunFolder(folder)).toThrow(`there is no ${join(folder, 'config.json')}`);
});

describe('takeRunLock', () => {
  const lock = () => join(folder, 'lock.json');

  it('rejects a second holder while the first is alive, and accepts it afterwards', () => {
    const release = takeRunLock(lock(), folder);
    expect(() => takeRunLock(lock(), folder)).toThrow(`process ${process.pid} on ${hostname()} is training in it`);
    release();
    takeRunLock(lock(), folder)();
    expect(existsSync(lock())).toBe(false);
  });
  it('takes over the lock of a dead process', () => {
    const { pid } = spawnSync('true');
    writeFileSync(lock(), JSON.stringify({ pid, host: hostname(), started: null }));
    takeRunLock(lock(), folder);
    expect(JSON.parse(readFileSync(lock(), 'utf8')).pid).toBe(process.pid);
  });
  it.skipIf(!existsSync('/proc/self/stat'))(
    'takes over the lock of a dead process whose id was reused (skipped without /proc)',
    () => {
      writeFileSync(lock(), JSON.stringify({ pid: process.pid, host: hostname(), started: '1' }));
      takeRunLock(lock(), folder);
      expect(JSON.parse(readFileSync(lock(), 'utf8')).started).not.toBe('1');
    },
  );
  it('respects a lock that is still empty, and takes over one that stays damaged', () => {
    writeFileSync(lock(), '');
    expect(() => takeRunLock(lock(), folder)).toThrow(
      'is damaged and less than ten seconds old. Try again in ten seconds.',
    );
    const before = Date.now() / 1000 - 11;
    utimesSync(lock(), before, before);
    takeRunLock(lock(), folder)();
  });
  it('respects the lock of another host and says what to do', () => {
    writeFileSync(lock(), JSON.stringify({ pid: 1, host: 'elsewhere', started: null }));
    expect(() => takeRunLock(lock(), folder)).toThrow('if that host is gone for good, delete the lock file');
  });
});

it('openAppendLog cuts off a torn last line', () => {
  const path = join(folder, 'events.jsonl');
  writeFileSync(path, '{"a":1}\n{"b":');
  const log = openAppendLog(path);
  log.append({ c: 2 });
  log.close();
  expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"c":2}\n');
});
