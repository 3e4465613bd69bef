import { describe, expect, it } from 'vitest';
import { ADVICE } from '../../../dist/runtime/libtorch/loadError.js';
import { glibcVersion, nodeFits, platformFault } from '../../../dist/runtime/libtorch/platform.js';

const good = { platform: 'linux', arch: 'x64', node: '22.12.0', glibc: '2.28' };

describe('a machine that nothing can be loaded on is told why', () => {
  it.each([
    [{ node: '18.20.8' }, 'node-unsupported', 'this is Node 18.20.8, wanted is 20.19, 22.12 or newer'],
    [{ node: '21.7.3' }, 'node-unsupported', 'this is Node 21.7.3'],
    [{ node: '20.18.1' }, 'node-unsupported', 'this is Node 20.18.1'],
    [{ arch: 'arm64' }, 'platform-unsupported', 'this is linux on arm64, and it is built for Linux on x86-64'],
    [{ platform: 'darwin', arch: 'arm64', glibc: null }, 'platform-unsupported', 'this is darwin on arm64'],
    [{ glibc: null }, 'libc-unsupported', 'this Linux has musl instead of glibc'],
    [{ glibc: '2.17' }, 'libc-unsupported', 'this system has glibc 2.17, libtorch wants 2.28 or newer'],
    [{ glibc: '2.9' }, 'libc-unsupported', 'this system has glibc 2.9,'],
  ])('%o', (change, code, text) => {
    const fault = platformFault({ ...good, ...change });
    expect(fault?.code).toBe(code);
    expect(fault?.message).toContain(text);
    expect(fault?.message.endsWith(ADVICE)).toBe(true);
  });

  it('and one that serves is not', () => {
    for (const change of [{}, { glibc: '3.0' }, { node: '20.19.0' }, { node: '24.0.0' }])
      expect(platformFault({ ...good, ...change })).toBeNull();
  });

  it('before the C library is asked for, too', () => {
    expect(platformFault({ platform: 'linux', arch: 'x64', node: '20.20.2' })).toBeNull();
  });
});

it('this process runs on a version of Node that is served', () => {
  expect(nodeFits(process.versions.node)).toBe(true);
});

it.skipIf(process.platform !== 'linux')('the version of glibc is read without a look-up in the network', () => {
  expect(glibcVersion()).toMatch(/^2\.\d+$/);
});
