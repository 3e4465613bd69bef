import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isNeeded, SETS, WHEELS } from '../../../dist/runtime/libtorch/wheels.js';
import { inRoot } from '../../support/paths.js';

const requirements = readFileSync(inRoot('scripts', 'setup', 'python-requirements.txt'), 'utf8');

/** Every package of torch 2.11.0 for CUDA, as pip resolved it for the Python peers: name==version → hashes. */
const resolved = new Map(
  [
    ...requirements.matchAll(
      /^((?:torch|nvidia-[\w-]+)==[\w.]+) \\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)/gm,
    ),
  ].map(([, pin, hashes]) => [
    pin as string,
    [...(hashes as string).matchAll(/sha256:([0-9a-f]{64})/g)].map(([, hash]) => hash),
  ]),
);

describe('the set of wheels for CUDA', () => {
  it('is exactly what pip resolves torch 2.11.0 to', () => {
    expect(WHEELS.map(({ name, version }) => `${name}==${version}`).sort()).toEqual([...resolved.keys()].sort());
  });

  it('has a different hash for each wheel, all from the resolution', () => {
    expect(new Set(WHEELS.map(({ sha256 }) => sha256)).size).toBe(WHEELS.length);
    for (const { name, version, sha256 } of SETS.cuda.wheels)
      expect(resolved.get(`${name}==${version}`)).toContain(sha256);
  });
});

it('the set for the CPU has what libtorch_cpu.so links', () => {
  expect(SETS.cpu.wheels.map(({ name }) => name)).toEqual(['torch', 'nvidia-cuda-cupti', 'nvidia-cuda-runtime']);
});

it.each([
  ['torch/lib/libtorch_cpu.so', true, true],
  ['torch/lib/libtorch_cuda.so', false, true],
  ['torch/lib/libc10_cuda.so', false, true],
  ['torch/lib/libtorch_python.so', false, false],
  ['nvidia/cudnn/lib/libcudnn.so.9', false, true],
  ['nvidia/cu13/lib/libcudart.so.13', true, true],
  ['torch/include/ATen/ATen.h', true, true],
  ['torch/nn/functional.py', false, false],
  ['torch-2.11.0.dist-info/licenses/NOTICE', true, true],
])('%s is unpacked for the CPU: %s, for CUDA: %s', (member, cpu, cuda) => {
  expect([isNeeded('cpu', member), isNeeded('cuda', member)]).toEqual([cpu, cuda]);
});
