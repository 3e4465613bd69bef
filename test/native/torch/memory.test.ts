import { describe, expect, it } from 'vitest';
import { cuda, memory, nn, ones, scope, type Tensor, tensor, zeros } from '../../../dist/torch/index.js';

describe('memory', () => {
  it('counts bytes from the allocator, exactly', () => {
    const before = memory();
    const made = zeros([1000]);
    expect(memory().bytes.cpu - before.bytes.cpu).toBe(4000);
    expect(memory().handles - before.handles).toBe(1);
    const view = made.slice(0, 0, 10);
    expect(memory().bytes.cpu - before.bytes.cpu).toBe(4000);
    made.dispose();
    expect(memory().bytes.cpu - before.bytes.cpu).toBe(4000);
    view.dispose();
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });

  it('scope frees all but the tensors it returns, alone or within arrays, Maps and objects', () => {
    const before = memory();
    const kept = scope(() => {
      const a = tensor([1]).add(1);
      return { list: [a], map: new Map([['b', a.add(1)]]), number: 3 };
    });
    expect(memory().handles - before.handles).toBe(2);
    expect(kept.list[0]?.item()).toBe(2);
    kept.list[0]?.dispose();
    kept.map.get('b')?.dispose();
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });

  it('scopes nest: the result of the inner belongs to the outer', () => {
    const before = memory();
    scope(() => {
      const inner = scope(() => ones([2]).add(1));
      expect(inner.isDisposed).toBe(false);
    });
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });

  it('scope frees when it throws, and refuses a promise', () => {
    const before = memory();
    expect(() =>
      scope(() => {
        ones([3]);
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(() => scope(async () => ones([3]))).toThrow(/returned a promise/);
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });

  it('using disposes at the end of the block', () => {
    const before = memory();
    let made: Tensor | undefined;
    const run = () => {
      made = ones([2]);
      made[Symbol.dispose]();
    };
    run();
    expect(made?.isDisposed).toBe(true);
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });

  it('a loop that never yields stays flat within scopes', () => {
    const weight = ones([8, 8], { requiresGrad: true });
    const step = () =>
      scope(() => {
        weight.mm(weight).sum().backward();
        weight.grad = null;
      });
    for (let i = 0; i < 500; i++) step();
    const before = memory();
    for (let i = 0; i < 2000; i++) step();
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
    weight.dispose();
  });
});

describe('running out of memory', () => {
  it('throws `out-of-memory` with the memory in use, and leaves other tensors intact', () => {
    const held = ones([1 << 20]);
    const before = memory();
    let error: unknown;
    try {
      zeros([2 ** 45]);
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ name: 'NoduleTrainError', code: 'out-of-memory' });
    expect((error as Error).message).toMatch(
      /^aten::zeros: out of memory on cpu: 140737488355328 bytes could not be allocated, .* live tensors hold [\d.]+ MiB on cpu/,
    );
    expect((error as Error).message).not.toContain('\n');
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
    expect(held.sum().item()).toBe(1 << 20);
    held.dispose();
  });

  it('is reported immediately for impossible sizes, even if their product nearly overflows', () => {
    expect(() => zeros([2 ** 31, 2 ** 29], { dtype: 'float64' })).toThrow(/out of memory|overflow/);
    expect(() => zeros([2 ** 31, 2 ** 31, 4])).toThrow(expect.objectContaining({ name: 'NoduleTrainError' }));
    expect(() =>
      ones([4])
        .expand(2 ** 40, 4)
        .contiguous(),
    ).toThrow(expect.objectContaining({ code: 'out-of-memory' }));
  });

  it('releases cached blocks before it fails', () => {
    zeros([1 << 22]).dispose();
    const fail = () => zeros([2 ** 45]);
    expect(fail).toThrow('could not be allocated, even after freeing the blocks kept for reuse');
    // The list of what is held names blocks kept for reuse only while there are some.
    expect(fail).not.toThrow('kept for reuse)');
  });

  it('rejects asynchronous calls the same way', async () => {
    const net = nn.linear(1, 2 ** 20);
    const input = ones([1]).expand(2 ** 30, 1);
    await expect(net.forwardAsync(input)).rejects.toMatchObject({ code: 'out-of-memory' });
    expect((await net.forwardAsync(ones([1, 1]))).shape).toEqual([1, 2 ** 20]);
    net.dispose();
  });
});

describe('views of memory', () => {
  it('stay the same buffer through in-place operators, and are detached by dispose', () => {
    const made = ones([4]);
    const view = made.data();
    made.add_(1);
    expect([...view]).toEqual([2, 2, 2, 2]);
    expect(made.data().buffer).toBe(view.buffer);
    made.dispose();
    expect(view.length).toBe(0);
  });

  it('release the memory at once when they are detached, also in a loop that never yields', () => {
    const before = memory().bytes.cpu;
    for (let i = 0; i < 100; i++)
      scope(() => {
        ones([10_000]).data()[0] = 2;
      });
    expect(memory().bytes.cpu).toBe(before);
  });

  it('of two Tensors over the same memory do not disturb each other', () => {
    const made = ones([4]);
    const alias = made.view(2, 2);
    const [one, other] = [made.data(), alias.data()];
    made.dispose();
    expect(one.length).toBe(0);
    expect([...other]).toEqual([1, 1, 1, 1]);
    alias.dispose();
  });
});

describe('without usable CUDA', () => {
  const missing = cuda.unavailableReason();
  it.skipIf(missing === null)('every request for it throws the reason and what to do', () => {
    expect([cuda.isAvailable(), cuda.deviceCount()]).toEqual([false, 0]);
    expect(missing).toMatch(/./);
    const calls = [
      () => ones([1]).to('cuda'),
      () => zeros([1], { device: 'cuda:1' }),
      () => tensor([1], { device: 'cuda' }),
      () => nn.linear(1, 1).to('cuda'),
      () => cuda.memory(),
      () => cuda.synchronize(),
    ];
    for (const call of calls) {
      expect(call).toThrow(expect.objectContaining({ code: 'cuda-missing' }));
      expect(call).toThrow(`CUDA cannot be used: ${missing}`);
    }
    expect(memory().bytes.cuda).toBe(0);
  });
});
