import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  cacheFolder,
  kernelVariables,
  libtorchVariable,
  pythonPrefixes,
  searchPath,
} from '../../../dist/runtime/environment.js';

describe.skipIf(process.platform !== 'linux')('the cache folder (Linux)', () => {
  it('is in XDG_CACHE_HOME', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/big/cache', HOME: '/home/someone' })).toBe('/big/cache/nodule-train');
  });

  it('is in ~/.cache if XDG_CACHE_HOME is empty or relative, as the XDG specification requires', () => {
    const expected = path.join('/home', 'someone', '.cache', 'nodule-train');
    for (const XDG_CACHE_HOME of [undefined, '', 'cache'])
      expect(cacheFolder({ XDG_CACHE_HOME, HOME: '/home/someone' })).toBe(expected);
  });
});

it('an empty variable counts as not set', () => {
  const environment = {
    LIBTORCH: '',
    VIRTUAL_ENV: '',
    CONDA_PREFIX: '/conda',
    PATH: `/a${path.delimiter}${path.delimiter}/b`,
  };
  expect(libtorchVariable(environment)).toBeNull();
  expect(pythonPrefixes(environment)).toEqual(['/conda']);
  expect(searchPath(environment)).toEqual(['/a', '/b']);
});

it('kernelVariables returns the kernel variables that are set', () => {
  expect(kernelVariables({ ONEDNN_MAX_CPU_ISA: 'AVX2', MKL_CBWR: '', PATH: '/a' })).toEqual({
    ONEDNN_MAX_CPU_ISA: 'AVX2',
  });
});
