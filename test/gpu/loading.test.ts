import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { loadRuntime } from '../../dist/runtime/libtorch/load.js';
import { cuda, memory, scope, zeros } from '../../dist/torch/index.js';
import { skipNote, whyNoGpu } from '../support/gpu.js';
import { torchUrl } from '../support/paths.js';

const reason = whyNoGpu();

describe.skipIf(reason !== null)(`CUDA in this process${skipNote(reason)}`, { timeout: 60_000 }, () => {
  it('is available after loading, in a worker too, and both count the same memory', async () => {
    expect(loadRuntime()).toMatchObject({ noCuda: null, unusedGpu: null });
    expect(cuda.deviceCount()).toBeGreaterThan(0);
    const before = memory().bytes.cuda;
    const held = zeros([1 << 20], { device: 'cuda' });
    expect(memory().bytes.cuda - before).toBe(4 << 20);
    const url = JSON.stringify(torchUrl);
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
      import(${url}).then(({ cuda, memory, zeros }) => {
        const made = zeros([1 << 18], { device: 'cuda' });
        parentPort.postMessage([cuda.isAvailable(), memory().bytes.cuda, made.add(1).sum().item()]);
        made.dispose();
      });`,
      { eval: true },
    );
    const found = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expect(found).toEqual([true, before + (4 << 20) + (1 << 20), 1 << 18]);
    await worker.terminate();
    held.dispose();
    expect(memory().bytes.cuda).toBe(before);
  });

  it('counts live, peak and reserved bytes of a device and its free memory', () => {
    cuda.resetPeak();
    const before = cuda.memory();
    scope(() =>
      zeros([1 << 22], { device: 'cuda' })
        .add(1)
        .sum()
        .item(),
    );
    const after = cuda.memory();
    expect(after.allocated).toBe(before.allocated);
    expect(after.peak - before.allocated).toBeGreaterThanOrEqual(2 * (16 << 20));
    expect(after.reserved).toBeGreaterThanOrEqual(after.peak);
    expect(after.free as number).toBeLessThan(after.total as number);
    cuda.synchronize();
  });

  it('frees the tensors that a scope made on the device', () => {
    const before = memory().bytes.cuda;
    const sum = scope(() => zeros([1000, 1000], { device: 'cuda' }).add(1).sum().item());
    expect(sum).toBe(1e6);
    expect(memory().bytes.cuda).toBe(before);
  });
});
