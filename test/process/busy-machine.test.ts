import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { torchUrl } from '../support/paths.js';

const source = `import(${JSON.stringify(torchUrl)}).then(({ ones, setNumThreads }) => {
  setNumThreads(2);
  ones([512, 512]).mm(ones([512, 512])).dispose();
  console.log(process.env.GOMP_SPINCOUNT ?? 'not set');
});`;

/** The spin count in the environment after libtorch was loaded. */
function spinCount(given: Record<string, string>): string {
  const { GOMP_SPINCOUNT: _, OMP_WAIT_POLICY: __, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', source], {
    env: { ...env, ...given },
    encoding: 'utf8',
  });
  return stdout.trim() || stderr;
}

describe.skipIf(process.platform !== 'linux')('waiting OpenMP threads (Linux only)', () => {
  it('sleep after a short spin, so that other processes on the same cores can run', () => {
    expect(spinCount({})).toBe('1000');
  });

  it("follow the user's GOMP_SPINCOUNT or OMP_WAIT_POLICY", () => {
    expect(spinCount({ GOMP_SPINCOUNT: '77' })).toBe('77');
    expect(spinCount({ OMP_WAIT_POLICY: 'active' })).toBe('not set');
  });
});
