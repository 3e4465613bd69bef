import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { uidOf, writeLuna16, writeScan } from './errors.scans.js';

const root = path.resolve(import.meta.dirname, '..', '..');
const main = path.join(root, 'dist', 'cli', 'main.js');
const scratch = mkdtempSync(path.join(tmpdir(), 'nodule-train-errors-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const run = (args: string[], env: NodeJS.ProcessEnv = {}, prefix: string[] = []) => {
  const [command, ...rest] = [...prefix, process.execPath, main, ...args];
  return spawnSync(command as string, rest, { encoding: 'utf8', env: { ...process.env, ...env }, cwd: scratch });
};

/** Rows of the table in docs/errors.md: name → message, where `…` stands for what differs from case to case. */
const documented = new Map(
  readFileSync(path.join(root, 'docs', 'errors.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && /^[012]$/.test(cells[3] as string))
    .map(([, name, message, code, cure]) => [name as string, { message: message as string, code: Number(code), cure }]),
);

const pattern = (message: string) =>
  new RegExp(
    `^${message
      .replace(/^`+|`+$/g, '')
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.+')}`,
    's',
  );

let folders = 0;
const folder = (make: (folder: string) => void = () => {}) => {
  const made = path.join(scratch, `case-${++folders}`);
  mkdirSync(made);
  make(made);
  return made;
};
const luna = (spoil: (folder: string) => void = () => {}) =>
  folder((made) => {
    writeLuna16(made);
    spoil(made);
  });
const file = (data: string, ending: string) => path.join(data, 'subset0', `${uidOf(1)}.${ending}`);
const out = () => path.join(scratch, `run-${++folders}`);
const train = (data: string, ...more: string[]) => ['train', '--data', data, '--out', out(), '--epochs', '1', ...more];

const cases: Record<string, () => SpawnSyncReturns<string>> = {
  'no libtorch': () => {
    const empty = folder();
    // Only Node itself stays on the PATH, so that no Python environment of this machine is found.
    const env = {
      PATH: path.dirname(process.execPath),
      XDG_CACHE_HOME: empty,
      VIRTUAL_ENV: '',
      CONDA_PREFIX: '',
      LIBTORCH: '',
    };
    return run(train(luna()), env);
  },
  'libtorch of another version': () => {
    const libtorch = folder((made) => {
      mkdirSync(path.join(made, 'lib'));
      writeFileSync(path.join(made, 'lib', 'libtorch_cpu.so'), '');
      writeFileSync(path.join(made, 'build-version'), '2.10.0+cpu\n');
    });
    return run(train(luna()), { LIBTORCH: libtorch });
  },
  'no GPU': () => run([...train(luna()), '--device', 'cuda'], { CUDA_VISIBLE_DEVICES: '' }),
  'missing data folder': () => run(train(path.join(scratch, 'not-there'))),
  'annotations without scans': () =>
    run(train(luna((data) => rmSync(path.join(data, 'subset0'), { recursive: true })))),
  'truncated .raw': () => run(train(luna((data) => truncateSync(file(data, 'raw'), 1000)))),
  'header without data': () => run(train(luna((data) => unlinkSync(file(data, 'raw'))))),
  'wrong element type': () => run(train(luna((data) => writeScan(path.join(data, 'subset0'), uidOf(1), 'MET_SHORTS')))),
  'unreadable CSV line': () =>
    run(
      train(
        luna((data) => {
          const csv = path.join(data, 'annotations.csv');
          const lines = readFileSync(csv, 'utf8').split('\n');
          lines[2] = `${uidOf(2)},48,forty-eight,12,12`;
          writeFileSync(csv, lines.join('\n'));
        }),
      ),
    ),
  'unknown option': () => run([...train(luna()), '--epoch', '3']),
};

describe('errors of the command line', () => {
  it('are the ones of the table in docs/errors.md', () => {
    expect([...documented.keys()].sort()).toEqual(Object.keys(cases).sort());
  });

  it.each(Object.keys(cases))('%s: one clear message, the exit status of the table, no stack', (name) => {
    const { message, code } = documented.get(name) as { message: string; code: number };
    const { status, stderr } = (cases[name] as () => SpawnSyncReturns<string>)();
    expect(stderr).toMatch(/^error: /m);
    const [, text] = /^error: ([\s\S]*)$/m.exec(stderr) as RegExpExecArray;
    expect(text).toMatch(pattern(message));
    expect(stderr.match(/^error: /gm)).toHaveLength(1);
    expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
    expect(status).toBe(code);
  });
});
