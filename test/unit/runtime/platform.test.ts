import { describe, expect, it } from 'vitest';
import { ADVICE } from '../../../dist/runtime/libtorch/loadError.js';
import { glibcVersion, nodeFits, platformFault } from '../../../dist/runtime/libtorch/platform.js';

const good = { platform: 'linux', arch: 'x64', node: '22.12.0', glibc: '2.28' };

describe('a machine that the addon cannot be loaded on is refused with the reason', () => {
  it.each([
    [{ node: '18.20.8' }, 'node-unsupported', 'found Node 18.20.8, expected 20.19, 22.12 or newer'],
    [{ node: '21.7.3' }, 'node-unsupported', 'found Node 21.7.3'],
    [{ node: '20.18.1' }, 'node-unsupported', 'found Node 20.18.1'],
    [{ arch: 'arm64' }, 'platform-unsupported', 'found linux on arm64, expected Linux on x86-64'],
    [{ platform: 'darwin', arch: 'arm64', glibc: null }, 'platform-unsupported', 'found darwin on arm64'],
    [{ glibc: null }, 'libc-unsupported', 'found musl as the C library (as in Alpine), expected glibc 2.28 or newer'],
    [{ glibc: '2.17' }, 'libc-unsupported', 'found glibc 2.17, expected 2.28 or newer'],
    [{ glibc: '2.9' }, 'libc-unsupported', 'found glibc 2.9,'],
  ])('%o', (change, code, text) => {
    const fault = platformFault({ ...good, ...change });
    expect(fault?.code).toBe(code);
    expect(fault?.message).toContain(text);
    expect(fault?.message.endsWith(ADVICE)).toBe(true);
  });

  it('a supported machine is accepted', () => {
    for (const change of [{}, { glibc: '3.0' }, { node: '20.19.0' }, { node: '24.0.0' }])
      expect(platformFault({ ...good, ...change })).toBeNull();
  });

  it('a machine is accepted without its C library being known', () => {
    expect(platformFault({ platform: 'linux', arch: 'x64', node: '20.20.2' })).toBeNull();
  });
});

it('this process runs on a supported version of Node', () => {
  expect(nodeFits(process.versions.node)).toBe(true);
});

it.skipIf(process.platform !== 'linux')('glibcVersion returns the version of glibc', () => {
  expect(glibcVersion()).toMatch(/^2\.\d+$/);
});
