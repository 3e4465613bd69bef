import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { train, writePhantoms } from '../../dist/index.js';
import { skipNote, whyNoGpu } from '../support/gpu.js';
import { scratchFolder } from '../support/scratch.js';

const reason = whyNoGpu();

describe.skipIf(reason !== null)(`training on a GPU${skipNote(reason)}`, { timeout: 300_000 }, () => {
  const folder = scratchFolder('train-gpu');
  beforeAll(async () => {
    await writePhantoms(join(folder, 'scans'), { count: 4, size: [24, 96, 96], spacing: [3, 3, 6], threads: 2 });
  }, 120_000);

  const losses = async (out: string, options: Record<string, unknown>) => {
    const found: number[] = [];
    for await (const event of train({
      data: join(folder, 'scans'),
      out: join(folder, out),
      epochs: 2,
      samples: 256,
      validationShare: 0.25,
      images: 0,
      ...options,
    })) {
      if (event.type === 'start') expect(event.device).toBe(options.device);
      if (event.type === 'step') found.push(event.loss);
      if (event.type === 'end') expect(event.status).toBe('finished');
    }
    return found;
  };

  it('has the crops of the CPU and nearly its losses, with plain and with captured steps', async () => {
    const onCpu = await losses('cpu', { device: 'cpu' });
    const plain = await losses('plain', { device: 'cuda' });
    const captured = await losses('captured', { device: 'cuda', captureSteps: true });
    expect(plain).toHaveLength(32);
    expect(captured).toHaveLength(32);
    // The first step has the same weights and crops; after it rounding (TF32) makes a difference.
    expect(Math.abs((plain[0] as number) - (onCpu[0] as number))).toBeLessThan(1e-3);
    expect(Math.abs((plain.at(-1) as number) - (onCpu.at(-1) as number))).toBeLessThan(0.05);
    for (const [i, loss] of captured.entries()) expect(Math.abs(loss - (plain[i] as number))).toBeLessThan(0.02);
  });
});
