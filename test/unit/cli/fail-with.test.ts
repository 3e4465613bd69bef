import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommanderError } from 'commander';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { failWith } from '../../../dist/cli/failWith.js';
import { systemErrorText } from '../../../dist/cli/systemError.js';
import { NoduleTrainError } from '../../../dist/runtime/error.js';

const folder = mkdtempSync(path.join(tmpdir(), 'nodule-train-fail-'));
const file = path.join(folder, 'file');
writeFileSync(file, '');
afterAll(() => rmSync(folder, { recursive: true }));

const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

/** An error as Node makes it for a system call, for faults that cannot be provoked everywhere. */
const made = (code: string, errno: number, syscall: string, more: object = {}) =>
  Object.assign(new Error(`${code}: raw text`), { code, errno, syscall, ...more });

describe('systemErrorText', () => {
  it.each([
    [
      'a missing file',
      () => readFileSync(path.join(folder, 'no')),
      'opening FOLDER/no: no such file or folder (ENOENT)',
    ],
    ['a folder read as a file', () => readFileSync(folder), 'reading: it is a folder, expected a file (EISDIR)'],
    [
      'a folder below a file',
      () => mkdirSync(path.join(file, 'a')),
      'creating folder FOLDER/file/a: a part of the path is not a folder (ENOTDIR)',
    ],
    [
      'a file listed as a folder',
      () => readdirSync(file),
      'listing folder FOLDER/file: a part of the path is not a folder (ENOTDIR)',
    ],
    [
      'a rename to a missing folder',
      () => renameSync(file, path.join(folder, 'no', 'b')),
      'renaming FOLDER/file to FOLDER/no/b: no such file or folder (ENOENT)',
    ],
  ])('describes %s', (_, work, text) => {
    expect(systemErrorText(thrown(work))?.replaceAll(folder, 'FOLDER')).toBe(text);
  });

  it('describes a name that is too long', () => {
    const name = path.join(folder, 'x'.repeat(300));
    expect(systemErrorText(thrown(() => mkdirSync(name)))).toBe(
      `creating folder ${name}: the name is too long (ENAMETOOLONG)`,
    );
  });

  it.each([
    ['EACCES', -13, 'mkdir', { path: '/x' }, 'creating folder /x: permission denied (EACCES)'],
    ['ENOSPC', -28, 'write', {}, 'writing: the disk is full (ENOSPC)'],
    ['EROFS', -30, 'open', { path: '/x' }, 'opening /x: the file system is read-only (EROFS)'],
    ['EMFILE', -24, 'open', { path: '/x' }, 'opening /x: too many open files (EMFILE)'],
    ['EIO', -5, 'read', {}, 'reading: i/o error (EIO)'],
  ])('describes %s', (code, errno, syscall, more, text) => {
    expect(systemErrorText(made(code, errno, syscall, more))).toBe(text);
  });

  it('describes a program that cannot be started', () => {
    const { error } = spawnSync(path.join(folder, 'no-program'));
    expect(systemErrorText(error)?.replaceAll(folder, 'FOLDER')).toBe(
      'starting FOLDER/no-program: no such file or folder (ENOENT)',
    );
  });

  it('leaves other errors alone', () => {
    const error = new TypeError('x is not a function');
    for (const other of [error, Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' }), 'text', undefined])
      expect(systemErrorText(other)).toBeNull();
  });
});

describe('failWith', () => {
  const before = process.exitCode;
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = before;
  });
  const failed = (error: unknown, json = true) => {
    const written = { stderr: '', stdout: '' };
    for (const name of ['stderr', 'stdout'] as const)
      vi.spyOn(process[name], 'write').mockImplementation((text) => {
        written[name] += text;
        return true;
      });
    failWith(error, json);
    return { ...written, status: process.exitCode };
  };

  it('prints a system error as one line and as an event with the code `system`, with status 1', () => {
    const message = 'creating folder /x: permission denied (EACCES)';
    const { stderr, stdout, status } = failed(made('EACCES', -13, 'mkdir', { path: '/x' }));
    expect([stderr, status]).toEqual([`error: ${message}\n`, 1]);
    expect(JSON.parse(stdout)).toEqual({ type: 'end', status: 'failed', code: 'system', message });
  });

  it('prints an unknown error with its stack', () => {
    const { stderr, stdout, status } = failed(new TypeError('x is not a function'));
    expect(stderr).toMatch(/^error: TypeError: x is not a function\n {4}at .*fail-with\.test/);
    expect([status, JSON.parse(stdout).code]).toEqual([1, 'unexpected']);
  });

  it('prints an error of this package without its stack', () => {
    const { stderr, stdout, status } = failed(new NoduleTrainError('disk-full', 'writing x: the disk is full.'), false);
    expect({ stderr, stdout, status }).toEqual({
      stderr: 'error: writing x: the disk is full.\n',
      stdout: '',
      status: 1,
    });
  });

  it.each([
    [new NoduleTrainError('config', 'configuring training: x'), 'error: configuring training: x\n'],
    [
      new CommanderError(1, 'commander.unknownOption', "error: unknown option '--x'\n(Did you mean --y?)"),
      "error: unknown option '--x' (Did you mean --y?)\n",
    ],
    [new CommanderError(1, 'commander.help', '(outputHelp)'), ''],
  ])('exits with 2 and prints no event for bad use: %s', (error, text) => {
    const { stderr, stdout, status } = failed(error);
    expect({ stderr, stdout, status }).toEqual({ stderr: text, stdout: '', status: 2 });
  });
});
