import { execFileSync } from 'node:child_process';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  arange,
  cat,
  empty,
  emptyLike,
  eye,
  fromData,
  full,
  fullLike,
  isTensor,
  linspace,
  logspace,
  manualSeed,
  memory,
  nn,
  ones,
  onesLike,
  ops,
  optim,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  randperm,
  scope,
  stack,
  type Tensor,
  tensor,
  where,
  zeros,
  zerosLike,
} from '../../../dist/torch/index.js';
import { pythonInterpreter } from '../../support/python.js';

const python = pythonInterpreter();

/** Values in JSON, with those that it lacks as text: "NaN", "2n". */
const numbers = (text: string): unknown =>
  JSON.parse(text, (_, value) =>
    typeof value === 'string' ? (value.endsWith('n') ? BigInt(value.slice(0, -1)) : Number(value)) : value,
  );

const dtypes = ['uint8', 'int8', 'int16', 'int32', 'int64', 'bool', 'float16', 'bfloat16', 'float32', 'float64'];
const values = `
  [0] [1] [-1] [127] [128] [-128] [-129] [255] [256] [-255] [-256] [300] [32767] [32768] [-32769]
  [2147483647] [2147483648] [-2147483649] [1.5] [-1.5] [-0.5] [0.5] [255.5] [127.5] ["NaN"] ["Infinity"]
  ["-Infinity"] [1e30] [-1e30] ["9223372036854775807n"] ["9223372036854775808n"] ["-9223372036854775808n"]
  ["-9223372036854775809n"] ["18446744073709551616n"] ["1n"] ["-1n"] ["-255n"] ["-256n"] ["256n"] [true]
  [true,2] [1.5,true] [1,[2]] [[1],2] [[1,2],[3]] [[],[]] [] [[[]]] 7 [65504] [65536] [1e300] [0.1]
  [1e-45] [[1,2],[3,4]]
`
  .trim()
  .split(/\s+/);

const PYTHON = `
import json, sys, torch
def read(value):
    if isinstance(value, list): return [read(item) for item in value]
    if isinstance(value, str): return int(value[:-1]) if value.endswith('n') else float(value)
    return value
results = []
for text, dtype in json.load(sys.stdin):
    try:
        made = torch.tensor(read(json.loads(text)), dtype=getattr(torch, dtype))
        results.append([list(made.shape), [repr(item) if made.dtype == torch.int64 else float(item) for item in made.flatten().tolist()]])
    except Exception as error:
        results.append(None)
print(json.dumps(results))
`;

describe('values that a dtype cannot hold', () => {
  it.skipIf(python === null)('are refused, and others converted, as by torch.tensor (skipped without Python)', () => {
    expect(values).toHaveLength(55);
    const cases = dtypes.flatMap((dtype) => values.map((text): [string, string] => [text, dtype]));
    const answer = execFileSync(python!, ['-c', PYTHON], { input: JSON.stringify(cases), encoding: 'utf8' });
    // Python writes NaN and infinities, which JSON lacks.
    const expected = JSON.parse(answer.replace(/-?Infinity|NaN/g, '"$&"')) as (
      | [number[], (number | string)[]]
      | null
    )[];
    const wrong: string[] = [];
    for (const [i, [text, dtype]] of cases.entries()) {
      let found: string;
      try {
        const made = tensor(numbers(text) as number[], { dtype: dtype as 'float32' });
        const flat =
          dtype === 'int64'
            ? Array.from(made.data() as unknown as BigInt64Array, String)
            : made.to('float64').reshape(-1).toArray();
        found = JSON.stringify([made.shape, flat], (_, value) => (typeof value === 'number' ? `${value}` : value));
      } catch (error) {
        found = (error as { code: string }).code;
      }
      const wanted = JSON.stringify(expected[i], (_, value) => (typeof value === 'number' ? `${value}` : value));
      const isSame = wanted === 'null' ? found === 'dtype' || found === 'shape' : found === wanted;
      if (!isSame) wrong.push(`${text} ${dtype}: ${found}, Python ${wanted}`);
    }
    expect(wrong).toEqual([]);
  });

  const refused: [string, () => unknown, RegExp][] = [
    [
      'a bigint of 65 bits',
      () => tensor(2n ** 64n),
      /tensor: element 0 is 18446744073709551616, which int64 cannot hold/,
    ],
    [
      '300 in uint8',
      () => tensor([1, 300], { dtype: 'uint8' }),
      /element 1 is 300, which uint8 cannot hold.* 0 to 255/,
    ],
    ['NaN in int64', () => tensor([Number.NaN], { dtype: 'int64' }), /element 0 is NaN, which int64 cannot hold/],
    ['2^63 in int64', () => tensor(2 ** 63, { dtype: 'int64' }), /which int64 cannot hold/],
    [
      'NaN of a Float32Array',
      () => fromData(Float32Array.of(NaN), [1], { dtype: 'int32' }),
      /fromData: element 0 is NaN/,
    ],
    ['300 of an Int16Array', () => tensor(Int16Array.of(300), { dtype: 'uint8' }), /element 0 is 300, which uint8/],
    ['a wide BigInt64Array', () => tensor(BigInt64Array.of(2n ** 40n), { dtype: 'int32' }), /which int32 cannot hold/],
    ['70000 of a Uint32Array', () => tensor(Uint32Array.of(70000), { dtype: 'int16' }), /which int16 cannot hold/],
    ['a BigUint64Array', () => tensor(BigUint64Array.of(2n ** 63n), { dtype: 'int64' }), /which int64 cannot hold/],
    ['full', () => full([2], 300, { dtype: 'uint8' }), /overflow/],
    ['full of NaN', () => full([2], NaN, { dtype: 'int64' }), /overflow/],
    ['full of a wide bigint', () => full([2], 2n ** 64n), /64 bits/],
    ['fullLike', () => fullLike(zeros([2], { dtype: 'int8' }), 128), /overflow/],
    ['fill_', () => zeros([2], { dtype: 'uint8' }).fill_(300), /overflow/],
    ['fill_ of NaN', () => zeros([2], { dtype: 'int64' }).fill_(NaN), /overflow/],
    ['fill_ of float16', () => zeros([2], { dtype: 'float16' }).fill_(1e10), /overflow/],
    ['maskedFill', () => zeros([1], { dtype: 'uint8' }).maskedFill(tensor([true]), 300), /overflow/],
    ['add of a wide bigint', () => zeros([1], { dtype: 'int64' }).add(2n ** 64n), /64 bits/],
    ['clamp', () => zeros([1], { dtype: 'uint8' }).clamp(300), /overflow/],
    ['add_ of a fraction', () => zeros([1], { dtype: 'uint8' }).add_(1.5), /can't be cast/],
    ['numbers and bigints', () => tensor([1, 2n] as never), /found numbers and bigints, expected one of them/],
    ['a huge bigint as a float', () => tensor(2n ** 2000n, { dtype: 'float64' }), /beyond the range/],
    ['a string', () => tensor('1' as never), /found a string at depth 0/],
    ['null', () => tensor([1, null] as never), /found null at depth 1/],
    ['undefined', () => tensor(undefined as never), /found undefined at depth 0/],
    ['a hole', () => tensor(new Array(2)), /found undefined at depth 1/],
    ['an object', () => tensor({ length: 2 } as never), /found an object at depth 0/],
    ['a Tensor', () => tensor(zeros([2]) as never), /found a Tensor, expected arrays of numbers. Copy it with clone/],
    ['a Tensor of several', () => tensor([zeros([2])] as never), /found a Tensor of shape \[2\] at depth 1/],
    ['a DataView', () => fromData(new DataView(new ArrayBuffer(4)) as never), /expected a typed array/],
    ['an array as data', () => fromData([1, 2] as never), /found an array, expected a typed array. tensor\(\) takes/],
    ['an ArrayBuffer', () => fromData(new ArrayBuffer(4) as never), /expected a typed array/],
    ['a Uint16Array of no dtype', () => tensor(Uint16Array.of(1)), /'int32' for numbers, 'float16' or 'bfloat16'/],
    ['a Uint32Array of no dtype', () => tensor(Uint32Array.of(1)), /no dtype holds the values of a Uint32Array/],
    ['an unknown dtype', () => zeros([2], { dtype: 'float' as never }), /zeros: dtype is 'float', expected float32/],
    [
      "Python's option",
      () => ones([2], { requires_grad: true } as never),
      /found the option requires_grad, expected dtype/,
    ],
    [
      'options of another kind',
      () => rand([2], 'int64' as never),
      /found a string as the last argument, expected options/,
    ],
    ['null as options', () => zeros([2], null as never), /found null as the last argument/],
    ['no shape', () => (zeros as () => unknown)(), /the shape is a undefined|the shape is undefined/],
    ['a shape of text', () => zeros('2' as never), /the shape is a string, expected an array of integers/],
    ['a negative size', () => zeros(2, -1), /dimension 1 of the shape \[2,-1\] is -1/],
    ['a fraction as size', () => empty(1.5), /dimension 0 of the shape \[1.5\] is 1.5/],
    [
      'shape and number',
      () => (zeros as (...args: unknown[]) => unknown)([2], 3),
      /found a number as the last argument/,
    ],
    ['arange of text', () => arange('5' as never), /arange: found a string as argument 1/],
    ['arange of nothing', () => (arange as () => unknown)(), /arange: found 0 numbers, expected 1 to 3/],
    ['arange of four', () => (arange as (...args: number[]) => unknown)(1, 2, 3, 4), /expected 1 to 3 numbers/],
    ['arange of NaN', () => arange(NaN), /aten::arange/],
    ['arange with a step of 0', () => arange(0, 5, 0), /step must be nonzero/],
    ['arange backwards', () => arange(5, 0), /inconsistent with step sign/],
    ['cat of nothing', () => cat([]), /cat: found no tensors, expected an array of Tensors/],
    ['stack of numbers', () => stack([1] as never), /stack: found a number at 0/],
    ['stack of a Tensor', () => stack(zeros(2) as never), /stack: found an object|stack: found a object/],
    ['zerosLike of an array', () => zerosLike([1] as never), /zerosLike: found a object|zerosLike: found an object/],
    ['randint without shape', () => (randint as (high: number) => unknown)(5), /randint: found no shape/],
    ['randint of an empty range', () => randint(5, 5, [2]), /random_ expects 'from' to be less than 'to'/],
  ];
  for (const [what, call, message] of refused)
    it(`${what} is refused`, () => {
      const before = memory().handles;
      expect(() => scope(call)).toThrow(
        expect.objectContaining({ message: expect.stringMatching(message), name: 'NoduleTrainError' }),
      );
      expect(memory().handles).toBe(before);
    });
});

describe('values of several kinds', () => {
  it('booleans among numbers are 1 and 0, bigints of any size become floats, and a dtype converts any mix', () => {
    expect(tensor([true, 2]).dtype).toBe('float32');
    expect(tensor([true, 2]).toArray()).toEqual([1, 2]);
    expect(tensor([2n ** 63n], { dtype: 'float64' }).toArray()).toEqual([2 ** 63]);
    expect(tensor([1, 2n, true], { dtype: 'int64' }).data()).toEqual(BigInt64Array.of(1n, 2n, 1n));
    expect(tensor([2n ** 60n + 1n], { dtype: 'int64' }).data()).toEqual(BigInt64Array.of(2n ** 60n + 1n));
    expect(tensor([tensor(3), tensor(4n)]).toArray()).toEqual([3, 4]);
    expect(tensor([Float32Array.of(1, 2), Float32Array.of(3, 4)]).shape).toEqual([2, 2]);
    expect(tensor([Number.NaN, 0, -0, 0.5], { dtype: 'bool' }).toArray()).toEqual([true, false, false, true]);
  });

  it('an array is read once: a proxy or a getter that changes cannot mix two readings', () => {
    let length = 4;
    const shrinking = new Proxy([1, 2, 3, 4], {
      get: (target, key, receiver) => (key === 'length' ? length-- : Reflect.get(target, key, receiver)),
    });
    expect(tensor(shrinking).shape).toEqual([4]);
    const odd = new Proxy([1], { get: (target, key) => (key === 'length' ? Number.NaN : Reflect.get(target, key)) });
    expect(() => tensor(odd)).toThrow(/an array without a length/);
    const growing: number[] = [1, 2];
    Object.defineProperty(growing, 0, { get: () => growing.push(5) });
    expect(tensor(growing).shape).toEqual([2]);
  });

  it('arrays, typed arrays, Maps and plain objects of another realm are those of this one', () => {
    const there = vm.createContext({});
    const run = <T>(code: string): T => vm.runInContext(code, there);
    expect(tensor(run<number[][]>('[[1, 2], [3, 4]]')).shape).toEqual([2, 2]);
    expect(tensor(run<Int16Array>('Int16Array.of(1, 2)')).dtype).toBe('int16');
    expect(fromData(run<Float32Array>('Float32Array.of(1, 2)'), run<number[]>('[2, 1]')).shape).toEqual([2, 1]);
    expect(zeros(run<number[]>('[2]'), run<object>('({ dtype: "int64" })')).dtype).toBe('int64');
    expect(arange(6).index(run<number[]>('[1, 2]')).toArray()).toEqual([1, 2]);
    expect(ops.sum(ones(2, 2), run<number[]>('[0]'), run('({ keepdim: true })')).shape).toEqual([1, 2]);
    const net = nn.linear(2, 1);
    const state = run<Map<string, Tensor>>('new Map()');
    for (const [name, value] of net.stateDict()) state.set(name, value.add(1));
    net.loadStateDict(state);
    expect(net.stateDict().get('bias')?.equal(state.get('bias')!)).toBe(true);
    const made = scope(() => {
      const list = run<{ values: Map<string, Tensor>; rows: Set<Tensor> }>('({ values: new Map(), rows: new Set() })');
      list.values.set('x', ones(2));
      list.rows.add(ones(3));
      return list;
    });
    expect([...made.values.values(), ...made.rows].map(({ isDisposed }) => isDisposed)).toEqual([false, false]);
    const optimizer = optim.adam(net.parameters(), run('({ lr: 0.1 })'));
    const states = run<ReturnType<typeof optimizer.pythonStateDict>>(
      '(state) => { const copy = new Map(); for (const [key, value] of state) copy.set(key, value); return copy; }',
    );
    expect(() =>
      optimizer.loadStateDict((states as never as (state: unknown) => never)(optimizer.pythonStateDict())),
    ).not.toThrow();
  });
});

describe('functions that make tensors', () => {
  it('take a shape as an array or as arguments, and options last', () => {
    for (const make of [zeros, ones, empty, rand, randn]) {
      expect(make(2, 3).shape).toEqual([2, 3]);
      expect(make([2, 3]).shape).toEqual([2, 3]);
      expect(make([]).shape).toEqual([]);
      expect(make(2, 0, { dtype: 'float64' })).toMatchObject({ shape: [2, 0], dtype: 'float64' });
      expect(make([1], { requiresGrad: true }).requiresGrad).toBe(true);
      expect(make([1], undefined).shape).toEqual([1]);
      expect(make([1], { dtype: undefined, device: undefined, requiresGrad: undefined }).dtype).toBe('float32');
    }
  });

  it('arange takes an end, a start and an end, or a step too', () => {
    expect(arange(4).toArray()).toEqual([0, 1, 2, 3]);
    expect(arange(2, 4).toArray()).toEqual([2, 3]);
    expect(arange(0, 1, 0.25).toArray()).toEqual([0, 0.25, 0.5, 0.75]);
    expect(arange(3, 0, -1).toArray()).toEqual([3, 2, 1]);
    expect(arange(3, { dtype: 'int64' }).data()).toEqual(BigInt64Array.of(0n, 1n, 2n));
    expect(arange(1, 3, { dtype: 'int8' }).dtype).toBe('int8');
    expect(arange(0, 3, undefined, { dtype: 'int8' }).shape).toEqual([3]);
    expect(arange(0, 3, 1, undefined).dtype).toBe('float32');
    expect(arange(0).shape).toEqual([0]);
  });

  it('give identity matrices, spaced values and random integers', () => {
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(eye(1, 2, { dtype: 'bool' }).toArray()).toEqual([[true, false]]);
    expect(linspace(0, 1, 3).toArray()).toEqual([0, 0.5, 1]);
    expect(logspace(0, 2, 3).toArray()).toEqual([1, 10, 100]);
    expect(logspace(0, 2, 3, { base: 2, dtype: 'float64' }).toArray()).toEqual([1, 2, 4]);
    manualSeed(3);
    const dice = randint(1, 7, [100]);
    expect(dice.dtype).toBe('int64');
    expect([Number(dice.min().item()), Number(dice.max().item())]).toEqual([1, 6]);
    expect(randint(2, [3], { dtype: 'float32' }).dtype).toBe('float32');
    expect(randperm(5).sort()[0].toArray()).toEqual([0, 1, 2, 3, 4]);
    expect(full([2], true).dtype).toBe('bool');
    expect(full([2], 2n).dtype).toBe('int64');
    expect(full([2], 2).dtype).toBe('float32');
  });

  it('…Like takes shape, dtype and device of a tensor', () => {
    const like = zeros([2, 3], { dtype: 'float64' });
    for (const make of [zerosLike, onesLike, emptyLike, randLike, randnLike])
      expect(make(like)).toMatchObject({ shape: [2, 3], dtype: 'float64' });
    expect(zerosLike(like, { dtype: 'int64' }).dtype).toBe('int64');
    expect(onesLike(like, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(fullLike(like, 2.5).sum().item()).toBe(15);
  });

  it('join and choose', () => {
    const [a, b] = [tensor([1, 2]), tensor([3, 4])];
    expect(cat([a, b]).toArray()).toEqual([1, 2, 3, 4]);
    expect(stack([a, b], 1).toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(where(a.gt(1), a, 0).toArray()).toEqual([0, 2]);
    const [places] = where(a.gt(1));
    expect(isTensor(places) && places.toArray()).toEqual([1]);
  });
});

describe('float16 and bfloat16', () => {
  it('come and go as bits in a Uint16Array, as Float16Array where Node has it, and as numbers', async () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7c00, 0x0001);
    const half = fromData(bits, [2, 2], { dtype: 'float16' });
    expect(half).toMatchObject({ dtype: 'float16', shape: [2, 2] });
    expect(half.toArray()).toEqual([
      [1, -2],
      [Number.POSITIVE_INFINITY, 2 ** -24],
    ]);
    expect(half.select(0, 0).select(0, 1).item()).toBe(-2);
    const view = half.data() as unknown as Uint16Array;
    const isNew = 'Float16Array' in globalThis;
    expect(view.constructor.name).toBe(isNew ? 'Float16Array' : 'Uint16Array');
    expect(new Uint16Array(view.buffer)).toEqual(bits);
    expect(await half.toArrayAsync(2)).toEqual(half.toArray());
    expect(new Uint16Array((await half.dataAsync()).buffer)).toEqual(bits);
    const brain = tensor(Uint16Array.of(0x3f80, 0xc000, 0x7fc0), { dtype: 'bfloat16' });
    expect(brain.toArray()).toEqual([1, -2, Number.NaN]);
    expect(Array.from(brain.data())).toEqual([0x3f80, 0xc000, 0x7fc0]);
    expect(tensor([1, 0.1], { dtype: 'bfloat16' }).index(1).item()).toBeCloseTo(0.1, 3);
    expect(fromData(brain.data(), [3], { dtype: 'bfloat16' }).equal(brain)).toBe(false);
    expect(fromData(brain.data().slice(0, 2), [2], { dtype: 'bfloat16' }).equal(brain.narrow(0, 0, 2))).toBe(true);
  });

  it('a Uint16Array with another dtype holds numbers', () => {
    expect(tensor(Uint16Array.of(1, 65535), { dtype: 'int32' }).data()).toEqual(Int32Array.of(1, 65535));
    expect(tensor(Uint16Array.of(1, 65535), { dtype: 'float32' }).toArray()).toEqual([1, 65535]);
    expect(tensor(Uint32Array.of(2 ** 32 - 1), { dtype: 'int64' }).toArray()).toEqual([2 ** 32 - 1]);
    expect(tensor(BigUint64Array.of(5n), { dtype: 'bool' }).toArray()).toEqual([true]);
  });

  it.runIf('Float16Array' in globalThis)('a Float16Array makes float16', () => {
    const { Float16Array } = globalThis as unknown as { Float16Array: { of(...values: number[]): Uint16Array } };
    expect(fromData(Float16Array.of(1.5, -2))).toMatchObject({ dtype: 'float16' });
    expect(tensor(Float16Array.of(1.5, -2)).toArray()).toEqual([1.5, -2]);
  });
});
