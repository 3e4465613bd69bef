import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  fromShared,
  memory,
  nn,
  noGrad,
  ones,
  revokeShared,
  type SharedTensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { torchUrl } from '../../support/paths.js';

const startWorker = (body: string): Worker =>
  new Worker(
    `const { parentPort } = require('node:worker_threads');
     import(${JSON.stringify(torchUrl)}).then(async (torch) => { ${body} });`,
    { eval: true },
  );
const message = (worker: Worker): Promise<any> =>
  new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });

describe('share', () => {
  it('gives the same memory to a worker, once, without a copy', async () => {
    const worker = startWorker(`
      parentPort.on('message', (token) => {
        const there = torch.fromShared(token);
        there.add_(1);
        let again;
        try { torch.fromShared(token); } catch (error) { again = error.code; }
        parentPort.postMessage({ shape: [...there.shape], dtype: there.dtype, again, bytes: torch.memory().bytes.cpu });
      });
      parentPort.postMessage('ready');`);
    await message(worker);
    const made = tensor([[1, 2, 3]]);
    const bytes = memory().bytes.cpu;
    worker.postMessage(made.share());
    expect(await message(worker)).toEqual({ shape: [1, 3], dtype: 'float32', again: 'share', bytes });
    expect(made.toArray()).toEqual([[2, 3, 4]]);
    await worker.terminate();
    expect(made.toArray()).toEqual([[2, 3, 4]]);
  });

  it('takes a tensor of a worker after the worker has ended', async () => {
    const worker = startWorker(`
      globalThis.result = torch.ones([1000]).mul(3);
      parentPort.once('message', () => process.exit());
      parentPort.postMessage(globalThis.result.share());`);
    const made = fromShared((await message(worker)) as SharedTensor);
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('end');
    await ended;
    expect(made.sum().item()).toBe(3000);
  });

  it('frees a tensor that was not taken when the worker that shared it ends, and on revoke', async () => {
    const before = memory().bytes.cpu;
    const worker = startWorker(`parentPort.postMessage(torch.zeros([100000]).share());
      parentPort.once('message', () => process.exit());`);
    const token = (await message(worker)) as SharedTensor;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('end');
    await ended;
    expect(() => fromShared(token)).toThrow(/has ended/);
    expect(memory().bytes.cpu).toBe(before);

    const made = zeros([1000]);
    const second = made.share();
    made.dispose();
    expect(memory().bytes.cpu).toBe(before + 4000);
    expect(revokeShared(second)).toBe(true);
    expect(memory().bytes.cpu).toBe(before);
    expect(revokeShared(second)).toBe(false);
  });

  it('gives a leaf its own gradient on each side', () => {
    const leaf = ones([2], { requiresGrad: true });
    const other = fromShared(leaf.share());
    expect(other.requiresGrad && other.isLeaf).toBe(true);
    other.mul(3).sum().backward();
    expect(leaf.grad).toBe(null);
    expect(other.grad?.toArray()).toEqual([3, 3]);
    noGrad(() => other.zero_());
    expect(leaf.toArray()).toEqual([0, 0]);
  });

  it('refuses a tensor with a graph, a disposed one, and values that are not a token of this process', () => {
    const leaf = ones([2], { requiresGrad: true });
    const result = leaf.mul(2);
    expect(() => result.share()).toThrow(expect.objectContaining({ code: 'share' }));
    expect(() => result.share()).toThrow(/has a graph.*detach/);
    expect(fromShared(result.detach().share()).toArray()).toEqual([2, 2]);
    const gone = ones([1]);
    gone.dispose();
    expect(() => gone.share()).toThrow(/was disposed/);
    const token = leaf.share();
    expect(() => fromShared({ ...token, process: token.process + 1 })).toThrow(/one process/);
    for (const wrong of [null, {}, { sharedTensor: 'a', process: 1 }, 3])
      expect(() => fromShared(wrong as never)).toThrow(/expected the token/);
    revokeShared(token);
  });

  it('is named in the error of posting a Tensor or a Module itself', () => {
    const { port1 } = new MessageChannel();
    expect(() => port1.postMessage(tensor([1]))).toThrow(/post tensor\.share\(\).*could not be cloned/);
    expect(() => port1.postMessage({ deep: [tensor([1])] })).toThrow(/could not be cloned/);
    expect(() => port1.postMessage(nn.linear(1, 1))).toThrow(/could not be cloned/);
    expect(() => structuredClone(nn.unet({ depth: 1, wf: 1 }))).toThrow(/could not be cloned/);
    port1.close();
  });
});
