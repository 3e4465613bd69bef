import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = resolve(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

let folder: string;
let scans: string;
let run: string;
const at = (...names: string[]) => join(folder, ...names);
const cli = (args: readonly string[], more: object = {}) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd: folder, ...more });

/** Nothing but this file; a name that no file system takes; a folder that nobody but root may write to. */
const fileInTheWay = () => at('file');
const longName = () => at('n'.repeat(256));
const forbidden = () => at('forbidden');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nodule-train-outputs-'));
  scans = at('scans');
  run = at('run');
  expect(cli(['synth', scans, '--count', '2']).status).toBe(0);
  const trained = cli([
    'train',
    '--data',
    scans,
    '--out',
    run,
    '--epochs',
    '1',
    '--samples',
    '16',
    '--validation-share',
    '0.5',
  ]);
  expect(trained.status, trained.stderr).toBe(0);
  writeFileSync(fileInTheWay(), 'kept');
  mkdirSync(forbidden());
  mkdirSync(at('writable'));
  // Root ignores permissions, so root runs the commands as another user below, who must be able to read the rest.
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  chmodSync(forbidden(), 0o555);
  chmodSync(at('writable'), 0o777);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Every option that names an output, by command: the arguments before the path. */
const folders: [string, () => string[]][] = [
  ['prepare --out', () => ['prepare', '--data', scans, '--out']],
  ['prepare --export', () => ['prepare', '--data', scans, '--out', at('writable', 'unused'), '--export']],
  ['prepare --export-nnunet', () => ['prepare', '--data', scans, '--out', at('writable', 'unused'), '--export-nnunet']],
  ['prepare --audit', () => ['prepare', '--data', scans, '--out', at('writable', 'unused'), '--audit']],
  ['synth', () => ['synth', '--count', '1']],
  ['train --out', () => ['train', '--data', scans, '--epochs', '1', '--samples', '16', '--out']],
  ['findrate --out', () => ['findrate', '--data', scans, '--out']],
  ['demo --out', () => ['demo', '--out']],
];
const files: [string, () => string[]][] = [
  [
    'evaluate --pictures',
    () => ['evaluate', '--data', scans, '--model', join(run, 'checkpoints', 'last.safetensors'), '--pictures'],
  ],
  [
    'evaluate --nodules-csv',
    () => ['evaluate', '--data', scans, '--model', join(run, 'checkpoints', 'last.safetensors'), '--nodules-csv'],
  ],
  ['mine --out', () => ['mine', '--run', run, '--out']],
  [
    'convert',
    () => [
      'convert',
      join(scans, 'subset0', readdirSync(join(scans, 'subset0')).find((name) => name.endsWith('.mhd'))!),
    ],
  ],
  ['convert of a model', () => ['convert', join(run, 'checkpoints', 'last.safetensors')]],
];
const suffix = (name: string) =>
  ({ 'evaluate --pictures': 'x.png', 'mine --out': 'x.json', convert: 'x.mha', 'convert of a model': 'x.pt' })[name] ??
  'x';

/** One line on stderr, exit 1, and nothing created. */
function expectRefused({ status, stderr }: { status: number | null; stderr: string }, found: string) {
  const text = stderr.split('\n').filter((line) => !/Warning: |trace-warnings|^$/.test(line));
  expect(text, stderr).toHaveLength(1);
  expect(text[0]).toMatch(/^error: /);
  expect(text[0]).toContain(found);
  expect(status).toBe(1);
}

describe('an output that cannot be written is refused with one error before any work', () => {
  const entries = () => readdirSync(folder).sort();

  it.each(folders)('%s: a file in the way, also above it', (_, args) => {
    const there = entries();
    for (const path of [fileInTheWay(), join(fileInTheWay(), 'below')]) {
      const result = cli([...args(), path]);
      expectRefused(result, 'is a file, not a folder');
    }
    expect(readFileSync(fileInTheWay(), 'utf8')).toBe('kept');
    expect(entries()).toEqual(there);
  });

  it.each([...folders, ...files])('%s: a name that is too long', (name, args) => {
    const there = entries();
    expectRefused(cli([...args(), `${longName()}${suffix(name).slice(1)}`]), 'bytes, more than 255');
    expect(entries()).toEqual(there);
  });

  it.each(folders)('%s: a file system of the kernel', (_, args) => {
    expectRefused(cli([...args(), '/proc/nodule-train'], { timeout: 20_000 }), '/proc');
  });

  it.each(files)('%s: a folder that does not exist', (name, args) => {
    const there = entries();
    expectRefused(cli([...args(), at('no', suffix(name))]), `the folder ${at('no')} does not exist`);
    expect(entries()).toEqual(there);
  });

  it.each(files)('%s: a file in the way of its folder', (name, args) => {
    expectRefused(cli([...args(), join(fileInTheWay(), suffix(name))]), 'is a file, not a folder');
  });

  it('evaluate --pictures: a folder or a pipe under that name', () => {
    const [, args] = files[0]!;
    mkdirSync(at('folder.png'));
    expectRefused(cli([...args(), at('folder.png')]), 'it is a folder, not a regular file');
    execFileSync('mkfifo', [at('pipe.png')]);
    expectRefused(cli([...args(), at('pipe.png')]), 'it is a device, pipe or socket, not a regular file');
  });
});

const user = {
  ...(process.getuid?.() === 0 && { uid: 65534, gid: 65534 }),
  env: { ...process.env, HOME: '/nonexistent' },
};
const canRun = spawnSync(process.execPath, [main, '--version'], { ...user, cwd: tmpdir() }).status === 0;

describe.skipIf(!canRun)(
  'without permission, as an ordinary user (skipped where no other user can read this checkout)',
  () => {
    it.each([...folders, ...files])('%s is refused', (name, args) => {
      const path = join(forbidden(), suffix(name));
      const result = cli([...args(), path], user);
      expectRefused(result, `there is no permission to write to ${forbidden()}`);
      expect(existsSync(path)).toBe(false);
    });
  },
);

describe('a result that cannot be written at the end is not lost', () => {
  it('evaluate prints its figures and exits with 1', async () => {
    const { evaluate } = await import('../../dist/index.js');
    const pictures = at('late', 'x.png');
    mkdirSync(at('late'));
    const result = await evaluate({
      data: scans,
      model: join(run, 'checkpoints', 'last.safetensors'),
      pictures,
      device: 'cpu',
      onProgress: () => rmSync(at('late'), { recursive: true, force: true }),
    });
    expect(result.nodules).toBeGreaterThan(0);
    expect(result.unwritten).toMatch(
      /^writing .*x\.png: the folder .*late does not exist\. .* The result was saved to .*x\.png instead\.$/,
    );
    const spare = /saved to (.*) instead\.$/.exec(result.unwritten!)![1]!;
    expect(readFileSync(spare).subarray(1, 4).toString()).toBe('PNG');
    rmSync(resolve(spare, '..'), { recursive: true });
  });
});
