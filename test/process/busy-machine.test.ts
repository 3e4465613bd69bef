import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const torch = new URL('../../dist/torch/index.js', import.meta.url).href;
const source = `import(${JSON.stringify(torch)}).then(({ ones, setNumThreads }) => {
  setNumThreads(2);
  ones([512, 512]).mm(ones([512, 512])).dispose();
  console.log(process.env.GOMP_SPINCOUNT ?? 'not set');
});`;

/** What libgomp was given when libtorch was loaded. */
function spinCount(given: Record<string, string>): string {
  const { GOMP_SPINCOUNT: _, OMP_WAIT_POLICY: __, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', source], {
    env: { ...env, ...given },
    encoding: 'utf8',
  });
  return stdout.trim() || stderr;
}

describe.skipIf(process.platform !== 'linux')('threads that wait for each other (Linux)', () => {
  it('soon sleep, so that other processes on the same cores get on', () => {
    expect(spinCount({})).toBe('1000');
  });

  it("wait as the user's variables say, where there are any", () => {
    expect(spinCount({ GOMP_SPINCOUNT: '77' })).toBe('77');
    expect(spinCount({ OMP_WAIT_POLICY: 'active' })).toBe('not set');
  });
});
