import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..', '..');

interface Ended {
  code: number | null;
  signal: string | null;
  text: string;
}

/** Set-up in a group of its own, so that a kill reaches npm and the compiler too, as closing a terminal does. */
const setUp = (clone: string): { child: ChildProcess; said(what: RegExp): Promise<void>; ended: Promise<Ended> } => {
  const child = spawn(process.execPath, ['scripts/setup/setup.mjs'], { cwd: clone, detached: true });
  let text = '';
  let check = () => {};
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes) => {
      text += bytes;
      check();
    });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, text })));
  const said = (what: RegExp) =>
    new Promise<void>((resolve, reject) => {
      check = () => what.test(text) && resolve();
      check();
      void ended.then(() => reject(new Error(`set-up ended before it said ${what}: ${text}`)));
    });
  return { child, said, ended };
};

/** libtorch comes from the cache (its own failures: test/process/setup-libtorch.test.ts); packages, addon and TypeScript are made. */
describe('set-up in a fresh clone', () => {
  let folder: string;
  const clone = (name: string): string => {
    const made = path.join(folder, name);
    const { status, stderr } = spawnSync('git', ['clone', '--quiet', root, made], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return made;
  };
  const isReady = (made: string) =>
    spawnSync(process.execPath, ['dist/cli/main.js', 'doctor'], { cwd: made, encoding: 'utf8' });
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nodule-train-clone-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('two at once both end well, and the work is done once; then a further one has nothing to do', async () => {
    const made = clone('twice');
    const both = await Promise.all([setUp(made).ended, setUp(made).ended]);
    expect(
      both.map(({ code }) => code),
      both.map(({ text }) => text).join('\n\n'),
    ).toEqual([0, 0]);
    const all = both.map(({ text }) => text).join('');
    expect(all.match(/addon \(compile\) done/g)).toHaveLength(1);
    expect(all).toMatch(/waiting for process \d+ on .+, which is setting up this checkout/);
    expect(isReady(made).stdout).toContain('Ready to train.');
    const startedAt = performance.now();
    expect(await setUp(made).ended).toEqual({ code: 0, signal: null, text: '' });
    console.log(`set-up with nothing to do: ${((performance.now() - startedAt) / 1000).toFixed(2)} s`);
  });

  it.each([/packages \(npm ci\)/, /addon \(compile\)/])(
    'killed in the middle of %s, the next one ends well',
    async (during) => {
      const made = clone(`killed-${String(during).includes('npm') ? 'packages' : 'addon'}`);
      const first = setUp(made);
      await first.said(during);
      process.kill(-(first.child.pid as number), 'SIGKILL');
      expect((await first.ended).signal).toBe('SIGKILL');
      const next = await setUp(made).ended;
      expect(next.code, next.text).toBe(0);
      expect(isReady(made).stdout).toContain('Ready to train.');
    },
  );
});
