import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  functional as F,
  fromShared,
  fromSharedState,
  memory,
  nn,
  noGrad,
  ones,
  op,
  revokeShared,
  revokeSharedState,
  type SharedTensor,
  shareState,
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

const ended = (worker: Worker): Promise<unknown> => new Promise((resolve) => worker.once('exit', resolve));
const refused = expect.objectContaining({ code: 'share' });

describe('a token for several uses', () => {
  it('is taken as often as it says, and then its memory is freed with the last tensor', () => {
    const { shared, bytes } = memory();
    const made = zeros([1000]);
    const token = made.share({ uses: 3 });
    made.dispose();
    const taken = [fromShared(token), fromShared(structuredClone(token))];
    expect(memory()).toMatchObject({ shared: shared + 1, bytes: { cpu: bytes.cpu + 4000 } });
    taken.push(fromShared({ ...token, uses: 100 } as SharedTensor));
    expect(memory().shared).toBe(shared);
    expect(() => fromShared(token)).toThrow(refused);
    taken[0]!.fill_(7);
    expect(taken[2]!.data()[999]).toBe(7);
    for (const one of taken) one.dispose();
    expect(memory().bytes.cpu).toBe(bytes.cpu);
  });

  it('without a limit lives until it is revoked, in any thread; what was taken stays', async () => {
    const { shared } = memory();
    const token = ones([1000]).share({ uses: 'many' });
    const body = `
      const { token } = require('node:worker_threads').workerData;
      const there = Array.from({ length: 200 }, () => torch.fromShared(token));
      parentPort.postMessage(there.reduce((sum, one) => sum + one.sum().item(), 0));
      parentPort.on('message', () => process.exit());`;
    const start = () =>
      new Worker(
        `const { parentPort } = require('node:worker_threads');
         import(${JSON.stringify(torchUrl)}).then((torch) => { ${body} });`,
        { eval: true, workerData: { token } },
      );
    const workers = [start(), start(), start()];
    expect(await Promise.all(workers.map(message))).toEqual([200_000, 200_000, 200_000]);
    // One thread ends by itself, two are killed: their tensors go, the token stays.
    const exits = Promise.all(workers.map(ended));
    workers[0]!.postMessage('end');
    for (const worker of workers.slice(1)) void worker.terminate();
    await exits;
    const kept = fromShared(token);
    const revoker = startWorker(`parentPort.once('message', (token) => {
        parentPort.postMessage([torch.revokeShared(token), torch.revokeShared(token)]); process.exit(); });
      parentPort.postMessage('ready');`);
    await message(revoker);
    revoker.postMessage(token);
    expect(await message(revoker)).toEqual([true, false]);
    expect(() => fromShared(token)).toThrow(refused);
    expect(memory().shared).toBe(shared);
    expect(kept.sum().item()).toBe(1000);
    kept.dispose();
  });

  it('ends with the thread that made it, whatever its uses', async () => {
    const before = memory().bytes.cpu;
    const worker = startWorker(`const made = torch.zeros([100000]);
      parentPort.once('message', () => process.exit());
      parentPort.postMessage([made.share({ uses: 9 }), made.share({ uses: 'many' })]);`);
    const tokens = (await message(worker)) as SharedTensor[];
    fromShared(tokens[0]!).dispose();
    const exit = ended(worker);
    worker.postMessage('end');
    await exit;
    for (const token of tokens) expect(() => fromShared(token)).toThrow(/has ended/);
    expect(memory().bytes.cpu).toBe(before);
  });

  it('cannot be guessed: numbers near it, and any other, name no tensor', () => {
    const token = ones([2]).share({ uses: 'many' });
    const numbers = [-1, 0, 1, 2, token.sharedTensor - 1, token.sharedTensor + 1, Number.MAX_SAFE_INTEGER];
    for (const sharedTensor of numbers) {
      expect(() => fromShared({ ...token, sharedTensor })).toThrow(refused);
      expect(revokeShared({ ...token, sharedTensor })).toBe(false);
    }
    expect(fromShared(token).sum().item()).toBe(2);
    expect(revokeShared(token)).toBe(true);
  });

  it('keeps its memory where it is: no thread can grow it', () => {
    const made = ones([4]);
    const token = made.share();
    const there = fromShared(token);
    for (const one of [made, there])
      expect(() => op('aten::resize_')(one, [1 << 20])).toThrow(/cannot grow, nor one that was shared/);
    expect([made.shape, there.sum().item()]).toEqual([[4], 4]);
  });

  it('of wrong options is one error, and shares nothing', () => {
    const { shared } = memory();
    const made = ones([1]);
    const wrong: unknown[] = [
      0,
      -1,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      '3',
      null,
      true,
      {},
      Symbol('s'),
    ];
    for (const uses of wrong) expect(() => made.share({ uses } as never), String(uses)).toThrow(refused);
    for (const options of [null, 3, 'many', { use: 2 }]) expect(() => made.share(options as never)).toThrow(refused);
    expect(memory().shared).toBe(shared);
    revokeShared(made.share({ uses: undefined }));
  });
});

describe('shareState', () => {
  it('gives the weights of a network in the same memory, tied ones still tied', () => {
    const { shared } = memory();
    const net = nn.linear(4, 4);
    const state = new Map([...net.stateDict(), ['tied', net.stateDict().get('weight')!]]);
    const tokens = shareState(state, { uses: 2 });
    expect(memory().shared).toBe(shared + 2);
    const taken = fromSharedState(structuredClone(tokens));
    expect(taken.get('tied')).toBe(taken.get('weight'));
    taken.delete('tied');
    const x = ones([1, 4]);
    const here = () => noGrad(() => net.forward(x)).toArray();
    const there = () => noGrad(() => F.linear(x, taken.get('weight')!, taken.get('bias'))).toArray();
    expect(there()).toEqual(here());
    noGrad(() => net.stateDict().get('weight')!.fill_(3));
    expect(there()).toEqual(here());
    expect(taken.get('weight')!.sum().item()).toBe(48);
    const other = nn.linear(4, 4);
    taken.delete('tied');
    other.loadStateDict(taken);
    expect(other.forward(x).toArray()).toEqual(here());
    expect(revokeSharedState(tokens)).toBe(2);
    expect(memory().shared).toBe(shared);
  });

  it('shares and takes all or nothing, and names what does not fit', () => {
    const { shared, handles } = memory();
    const [a, gone] = [ones([2]), ones([2])];
    gone.dispose();
    for (const [state, text] of [
      [{ a, b: 3 }, /b is 3, expected a Tensor/],
      [{ a, b: gone }, /disposed/],
      [{ a, b: ones([1], { requiresGrad: true }).mul(2) }, /shareState: b: .*graph/],
      [null, /expected a Map or an object/],
      [7, /expected a Map or an object/],
    ] as const)
      expect(() => shareState(state as never)).toThrow(text);
    expect(memory().shared).toBe(shared);
    const tokens = shareState({ a, b: ones([1]) });
    revokeShared(tokens.b!);
    const before = memory().handles;
    expect(() => fromSharedState(tokens)).toThrow(/fromSharedState: b: tensor \d+ was already taken or revoked/);
    expect(() => fromSharedState(null as never)).toThrow(refused);
    expect(() => fromSharedState({ a: 3 } as never)).toThrow(/fromSharedState: a: found 3, expected the token/);
    expect(memory()).toMatchObject({ shared, handles: before });
    expect(before).toBeGreaterThan(handles - 1);
  });
});
