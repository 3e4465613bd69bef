import { describe, expect, it } from 'vitest';
import {
  encodeTensors,
  encodeTensorsSync,
  fromData,
  fromShared,
  memory,
  nn,
  noGrad,
  ones,
  op,
  ops,
  optim,
  Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { native } from '../../../dist/torch/native.js';

const parameterOf = (shape: number[]): Tensor => {
  const made = zeros(shape);
  made.requiresGrad = true;
  return made;
};
const resize = op('aten::resize_');
const setTo = op('aten::set_');
const VERY_LARGE = 2 ** 45;

describe('a gradient that is set', () => {
  it('must have the shape, the dtype and the device of its tensor, as in Python', () => {
    const p = parameterOf([8]);
    for (const [wrong, text] of [
      [ones([1]), 'found shape [1], expected [8]'],
      [ones([8, 1]), 'found shape [8, 1], expected [8]'],
      [ones([8], { dtype: 'float64' }), 'found dtype float64, expected float32'],
      [p, 'found the tensor itself'],
      [5 as never, 'found number'],
    ] as const)
      expect(() => {
        p.grad = wrong;
      }).toThrow(`setting grad: ${text}`);
    expect(p.grad).toBeNull();
    p.grad = ones([8]);
    expect(p.grad?.toArray()).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });
});

describe('an optimizer', () => {
  const rules = {
    adam: (p: Tensor) => optim.adam([p]),
    adamW: (p: Tensor) => optim.adamW([p], { amsgrad: true }),
    sgd: (p: Tensor) => optim.sgd([p], { lr: 0.1, momentum: 0.9 }),
  };

  it.each(Object.keys(rules) as (keyof typeof rules)[])(
    '%s refuses a parameter that was replaced by one of another size',
    (rule) => {
      const p = parameterOf([8]);
      const optimizer = rules[rule](p);
      p.grad = ones([8]);
      optimizer.step();
      noGrad(() => setTo(p, zeros([1 << 16])));
      expect(() => optimizer.step()).toThrow(/parameter 0 has shape \[65536\], but its gradient has \[8\]/);
      p.grad = ones([1 << 16]);
      expect(() => optimizer.step()).toThrow(/but its (exp_avg|momentum_buffer) has \[8\]/);
    },
  );

  it.each(Object.keys(rules) as (keyof typeof rules)[])(
    '%s refuses a gradient and a parameter that were resized',
    (rule) => {
      const p = parameterOf([8]);
      const optimizer = rules[rule](p);
      p.grad = ones([8]);
      resize(p.grad!, [2]);
      expect(() => optimizer.step()).toThrow('has shape [8], but its gradient has [2]');
      p.grad = null;
      p.grad = ones([8]);
      optimizer.step();
      noGrad(() => op('aten::set_data')(p, zeros([4])));
      expect(() => optimizer.step()).toThrow(/parameter 0 has shape \[4\]/);
    },
  );

  it('refuses a parameter whose memory has holes since', () => {
    const p = parameterOf([2, 2]);
    const optimizer = optim.sgd([p], { lr: 1 });
    noGrad(() => op('aten::set_data')(p, zeros([2, 4]).slice(1, 0, 4, 2)));
    p.grad = ones([2, 2]);
    expect(() => optimizer.step()).toThrow('has holes or overlaps in its memory');
  });
});

describe('data()', () => {
  it('of memory that nobody can move: growing it through any alias is refused', () => {
    const made = ones([4]);
    const view = made.data();
    const alias = made.detach();
    const shared = fromShared(made.share());
    for (const one of [made, alias, shared, made.view(2, 2)]) {
      expect(() => resize(one, [1 << 20])).toThrow(
        /A tensor whose memory data\(\) shows cannot grow, nor one that was shared\. Use a clone\(\)/,
      );
      expect(() => op('aten::resize_as_')(one, zeros([1 << 20]))).toThrow('cannot grow');
      expect(() => ops.add(ones([1 << 20]), 1, { out: one })).toThrow('cannot grow');
    }
    expect([made.shape, alias.shape, [...view]]).toEqual([[4], [4], [1, 1, 1, 1]]);
    expect(resize(made.clone(), [8]).shape).toEqual([8]);
  });

  it('is detached when its tensor gets other memory', () => {
    for (const change of [
      (x: Tensor) => setTo(x, zeros([2])),
      (x: Tensor) => op('aten::set_data')(x, zeros([2])),
      (x: Tensor) => resize(x, [2]),
    ]) {
      const made = ones([4]);
      const view = made.data();
      change(made);
      expect(view.length).toBe(0);
      expect([made.shape, made.data().length]).toEqual([[2], 2]);
    }
    const module = nn.linear(2, 2);
    const weight = module.stateDict().get('weight')!;
    const view = weight.data();
    module.to('float64');
    expect([view.length, weight.data() instanceof Float64Array]).toEqual([0, true]);
  });

  it('keeps the memory of a gradient that its tensor has dropped', () => {
    const x = parameterOf([3]);
    x.sum().backward();
    const view = x.grad!.detach().data();
    x.grad = null;
    for (let i = 0; i < 100; i++) zeros([3]).fill_(7);
    expect([...view]).toEqual([1, 1, 1]);
  });

  it.skipIf(!('transfer' in ArrayBuffer.prototype))('transferred stays valid after dispose()', () => {
    const made = ones([1 << 20]);
    const moved = (made.data().buffer as ArrayBuffer & { transfer(): ArrayBuffer }).transfer();
    made.dispose();
    for (let i = 0; i < 10; i++) zeros([1 << 20]).dispose();
    expect(new Float32Array(moved).every((value) => value === 1)).toBe(true);
  });

  it('of a sparse tensor is refused', () => {
    expect(() => ops.to_sparse(ones([3])).data()).toThrow('the tensor is sparse');
  });
});

describe('an operator that fails', () => {
  it('leaves the sizes of what it was to resize', () => {
    const made = ones([4]);
    expect(() => resize(made, [VERY_LARGE])).toThrow(/out of memory/);
    expect(() => op('aten::resize_as_')(made, ones([1]).expand(VERY_LARGE))).toThrow(/out of memory/);
    expect(() => ops.add(ones([1]).expand(VERY_LARGE), 1, { out: made })).toThrow(/out of memory/);
    const source = ones([2]);
    source.data();
    const move = op('aten::set_.source_Tensor_storage_offset');
    expect(() => move(made, source, 0, [1 << 20], [1])).toThrow('cannot grow');
    expect([made.shape, made.toArray(), made.data().length]).toEqual([[4], [1, 1, 1, 1], 4]);
  });

  it('leaves them also in an alias and with a negative size', () => {
    const made = ones([4]);
    const alias = made.detach();
    expect(() => resize(alias, [VERY_LARGE])).toThrow();
    expect(() =>
      ops.adaptive_max_pool2d(ones([2, 4, 4]), [-2, 4], { out: [alias, zeros([1], { dtype: 'int64' })] }),
    ).toThrow();
    expect([alias.shape, alias.toArray(), made.toArray()]).toEqual([[4], [1, 1, 1, 1], [1, 1, 1, 1]]);
  });
});

describe('arguments of JavaScript', () => {
  it('a Tensor cannot be made for a slot', () => {
    const before = memory();
    expect(() => new (Tensor as unknown as new (slot: number) => Tensor)(0)).toThrow('a Tensor is made by tensor()');
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });

  it('an array that contains itself is refused', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(() => tensor(cyclic as never)).toThrow('nested more than 64 deep');
  });

  it('a shape is read once, before the data', () => {
    const buffer = new (
      ArrayBuffer as new (
        size: number,
        options: object,
      ) => ArrayBuffer & { resize(size: number): void }
    )(16, { maxByteLength: 64 });
    let reads = 0;
    const shape = Object.defineProperty([4], 0, {
      get: () => {
        reads++;
        buffer.resize(0);
        return 4;
      },
    });
    expect(() => fromData(new Float32Array(buffer), shape)).toThrow('found 0 values, expected 4');
    expect(reads).toBe(1);
    expect(() => zeros('5' as never)).toThrow('the shape is a string');
  });

  it('values that do not fit into an array or the heap are refused before they are copied', () => {
    const { toArray, toArrayAsync } = Tensor.prototype;
    const row = ones([1]).expand(2 ** 27);
    expect(() => toArray.call(row)).toThrow('has rows of 134217728 elements');
    expect(() => toArray.call(zeros([2 ** 31, 0, 3]))).toThrow('needs 2147483648 arrays');
    expect(() => toArray.call(ones([1, 1]).expand(2 ** 16, 2 ** 20))).toThrow("bytes of JavaScript's heap");
    return expect(toArrayAsync.call(row)).rejects.toThrow('has rows of');
  });
});

it('where the runtime forbids buffers over foreign memory, as Electron does, data() says so and copies work', async () => {
  const x = ones([1 << 19]);
  native().forbidExternalBuffers(true);
  try {
    expect(() => x.data()).toThrow(/this runtime allows no buffers over memory outside its own \(Electron\)/);
    expect((x.toArray() as number[]).length).toBe(1 << 19);
    expect((await x.dataAsync()).length).toBe(1 << 19);
    expect(encodeTensorsSync({ x }).length).toBeGreaterThan(1 << 21);
    expect((await encodeTensors({ x })).length).toBeGreaterThan(1 << 21);
  } finally {
    native().forbidExternalBuffers(false);
  }
  expect(x.data()).toHaveLength(1 << 19);
});
