import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { memory, tensor } from '../../../dist/torch/index.js';
import { torchUrl } from '../../support/paths.js';

const inWorker = (body: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const source = `import(${JSON.stringify(torchUrl)}).then(async (torch) => {
      const { parentPort } = await import('node:worker_threads');
      ${body}
    });`;
    const worker = new Worker(source, { eval: true });
    worker.once('message', (message) => {
      resolve(message);
      void worker.terminate();
    });
    worker.once('error', reject);
  });

describe('workers', () => {
  it('each has its own tensors, and four at once agree', async () => {
    const body = `
      const a = torch.ones([64, 64], { requiresGrad: true });
      for (let i = 0; i < 200; i++) torch.scope(() => { a.mm(a).sum().backward(); });
      parentPort.postMessage(a.grad.sum().item());`;
    const results = await Promise.all([1, 2, 3, 4].map(() => inWorker(body)));
    expect(new Set(results).size).toBe(1);
    expect(results[0]).toBe(200 * 64 * 64 * 128);
  });

  it('a worker that ends frees its tensors', async () => {
    const before = memory().bytes.cpu;
    await inWorker('globalThis.held = torch.zeros([1000000]); parentPort.postMessage(1);');
    const deadline = Date.now() + 5000;
    while (memory().bytes.cpu > before && Date.now() < deadline) await new Promise((r) => setTimeout(r, 20));
    expect(memory().bytes.cpu).toBeLessThanOrEqual(before);
  });

  it('a worker terminated while it works does no harm', async () => {
    for (let i = 0; i < 5; i++) {
      const source = `import(${JSON.stringify(torchUrl)}).then((torch) => {
        require('node:worker_threads').parentPort.postMessage('ready');
        for (;;) torch.scope(() => { torch.ones([64, 64]).mm(torch.ones([64, 64])); });
      });`;
      const worker = new Worker(source, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      await new Promise((resolve) => setTimeout(resolve, 10 * i));
      await worker.terminate();
    }
    expect(tensor([1]).add(1).item()).toBe(2);
  });
});
