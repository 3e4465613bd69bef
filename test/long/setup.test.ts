import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Child, watchChild } from '../support/child.js';
import { root } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';

/**
 * Starts set-up in a process group of its own, so that a kill reaches npm and the compiler too, as closing a terminal
 * does. Its stderr is in stdout.
 */
const setUp = (clone: string): Child => {
  const args = ['-c', 'exec "$0" scripts/setup/setup.mjs 2>&1', process.execPath];
  return watchChild(spawn('sh', args, { cwd: clone, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }), 30 * 60_000);
};

/** Builds all but libtorch, which comes from the cache; its failures are in test/process/setup-libtorch.test.ts. */
describe('set-up in a fresh clone', () => {
  const folder = scratchFolder('clone');
  const clone = (name: string): string => {
    const made = path.join(folder, name);
    const { status, stderr } = spawnSync('git', ['clone', '--quiet', root, made], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return made;
  };
  const isReady = (made: string) =>
    spawnSync(process.execPath, ['dist/cli/main.js', 'doctor'], { cwd: made, encoding: 'utf8' });

  it('run twice at once succeeds in both and does the work once; a third run has nothing to do', async () => {
    const made = clone('twice');
    const both = await Promise.all([setUp(made).ended, setUp(made).ended]);
    expect(
      both.map(({ code }) => code),
      both.map(({ stdout }) => stdout).join('\n\n'),
    ).toEqual([0, 0]);
    const all = both.map(({ stdout }) => stdout).join('');
    expect(all.match(/addon \(compile\) done/g)).toHaveLength(1);
    expect(all).toMatch(/waiting for process \d+ on .+, which is setting up this checkout/);
    expect(isReady(made).stdout).toContain('Ready to train.');
    const startedAt = performance.now();
    expect(await setUp(made).ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    console.log(`set-up with nothing to do: ${((performance.now() - startedAt) / 1000).toFixed(2)} s`);
  });

  it.each([/packages \(npm ci\)/, /addon \(compile\)/])(
    'killed in the middle of %s succeeds the next time',
    async (during) => {
      const made = clone(`killed-${String(during).includes('npm') ? 'packages' : 'addon'}`);
      const first = setUp(made);
      await first.said((text) => during.test(text));
      process.kill(-(first.process.pid as number), 'SIGKILL');
      expect((await first.ended).signal).toBe('SIGKILL');
      const next = await setUp(made).ended;
      expect(next.code, next.stdout).toBe(0);
      expect(isReady(made).stdout).toContain('Ready to train.');
    },
  );
});
