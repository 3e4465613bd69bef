import { describe, expect, it } from 'vitest';
import { memory, ones, scope, type Tensor, tensor, zeros } from '../../dist/torch/index.js';

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
    expect(memory()).toEqual(before);
  });

  it('scope frees what is not returned, also within arrays, Maps and objects', () => {
    const before = memory();
    const kept = scope(() => {
      const a = tensor([1]).add(1);
      return { list: [a], map: new Map([['b', a.add(1)]]), number: 3 };
    });
    expect(memory().handles - before.handles).toBe(2);
    expect(kept.list[0]?.item()).toBe(2);
    kept.list[0]?.dispose();
    kept.map.get('b')?.dispose();
    expect(memory()).toEqual(before);
  });

  it('scopes nest: what the inner returns belongs to the outer', () => {
    const before = memory();
    scope(() => {
      const inner = scope(() => ones([2]).add(1));
      expect(inner.isDisposed).toBe(false);
    });
    expect(memory()).toEqual(before);
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
    expect(memory()).toEqual(before);
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
    expect(memory()).toEqual(before);
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
    expect(memory()).toEqual(before);
    weight.dispose();
  });
});
