import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { autograd, type DType, fromData, op, scope, Tensor } from '../../../dist/torch/index.js';
import { inGolden } from '../../support/paths.js';

// Made by test/golden/make/operators.py, which describes the format.
const cases: Case[] = JSON.parse(readFileSync(inGolden('operators.json'), 'utf8'));

type Case = [name: string, args: Given[], named: Record<string, Given>, results: Printed, grads?: Printed[]];
type Given = Recipe | { D: string } | { M: string } | Given[] | number | string | boolean | null;
interface Recipe {
  t: number[];
  s: number;
  d?: DType;
  r?: [number, number];
  l?: 't' | 's' | 'n';
}
type PrintedTensor = [shape: number[], dtype: string, values: (number | boolean | string)[], strides?: number[]];
type Printed = PrintedTensor | { many: Printed[] } | number | boolean | string | null;

/** The same in Python: a multiplicative hash of the position, spread over the range. */
const fill = (count: number, low: number, high: number, seed: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => {
    const k = ((i + 1) * 40503 + seed * 9176) & 0xffff;
    return low + (high - low) * ((k + 0.5) / 65536);
  });

const product = (shape: readonly number[]): number => shape.reduce((total, size) => total * size, 1);

const make = ({ t, s, d = 'float64', r: [low, high] = [-2, 2], l }: Recipe): Tensor => {
  const shape = [...t];
  const last = shape.length - 1;
  if (l === 't') [shape[last], shape[last - 1]] = [shape[last - 1]!, shape[last]!];
  if (l === 's') shape[last]! *= 2;
  let values = fill(product(shape), low, high, s);
  if (d === 'bool') values = values.map((value) => Number(value > (low + high) / 2));
  else if (d.includes('int')) values = values.map(Math.floor);
  const made = fromData(values, shape).to(d);
  if (l === 't') return made.transpose(-1, -2);
  if (l === 's') return made.slice(-1, null, null, 2);
  if (l === 'n') return op('aten::contiguous')(made, { memoryFormat: 'channels_last' });
  return made;
};

const isRecipe = (value: Given): value is Recipe => typeof value === 'object' && value !== null && 't' in value;

const give = (value: Given, made: Tensor[], withGrad: boolean): any => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => give(item, made, withGrad));
  if (!isRecipe(value)) return 'D' in value ? value.D : value.M;
  const tensor = make(value);
  if (withGrad && tensor.dtype.includes('float')) tensor.requiresGrad = true;
  made.push(tensor);
  return tensor;
};

/** Relative tolerance by dtype: kernels of another processor differ in the last bits. */
const tolerance: Record<string, number> = { float64: 1e-9, float32: 2e-5, float16: 4e-3, bfloat16: 3e-2 };

const isClose = (ours: unknown, theirs: unknown, within: number, size: number): boolean => {
  if (typeof ours !== 'number' || typeof theirs !== 'number') {
    const wanted = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY };
    return Object.is(ours, typeof theirs === 'string' ? wanted[theirs as keyof typeof wanted] : theirs);
  }
  return Math.abs(ours - theirs) <= within * (size + Math.abs(theirs));
};

const compare = (result: unknown, wanted: Printed, where: string): void => {
  if (wanted === null || typeof wanted !== 'object') {
    if (typeof wanted === 'number') expect(isClose(result, wanted, 1e-9, 1), `${where}: ${result}`).toBe(true);
    else expect(result, where).toBe(wanted);
    return;
  }
  if (!Array.isArray(wanted)) {
    const list = result as unknown[];
    expect(Array.isArray(list) && list.length, where).toBe(wanted.many.length);
    for (const [i, item] of wanted.many.entries()) compare(list[i], item, `${where}, result ${i}`);
    return;
  }
  expect(result, where).toBeInstanceOf(Tensor);
  let tensor = result as Tensor;
  if ((tensor.dtype as string).startsWith('complex')) tensor = op('aten::view_as_real')(tensor);
  const [shape, dtype, values, strides] = wanted;
  expect({ shape: tensor.shape, dtype: tensor.dtype }, where).toEqual({ shape, dtype });
  if (strides === undefined) expect(tensor.isContiguous, `${where}: contiguous`).toBe(true);
  else expect(tensor.strides, where).toEqual(strides);
  const array = tensor.reshape(-1).toArray() as (number | boolean)[];
  const shown: (number | boolean)[] = array.length <= 6 ? [...array] : [...array.slice(0, 3), ...array.slice(-2)];
  const size = array.reduce<number>(
    (total, value) => total + (Number.isFinite(value) ? Math.abs(Number(value)) : 0),
    0,
  );
  if (array.length > 6) {
    const weights = fill(array.length, 0.5, 1.5, 5);
    shown.push(array.reduce<number>((sum, value, i) => sum + Number(value) * weights[i]!, 0));
  }
  const within = tolerance[dtype] ?? 0;
  // The first values have the magnitude of one element, the weighted sum that of all.
  const wrong = shown.findIndex(
    (value, i) => !isClose(value, values[i], Math.max(within, i === 5 ? 1e-6 : 0), i < 5 ? 1 : size),
  );
  expect(wrong, `${where}: [${shown}], in Python [${values}]`).toBe(-1);
  expect(shown.length, where).toBe(values.length);
};

const run = ([name, args, named, wanted, grads]: Case, where: string): void => {
  const made: Tensor[] = [];
  const call = (): any => {
    const given = args.map((value) => give(value, made, grads !== undefined));
    const byName = Object.entries(named).map(([key, value]) => [key, give(value, made, grads !== undefined)]);
    return op(`aten::${name}`)(...given, ...(byName.length > 0 ? [Object.fromEntries(byName)] : []));
  };
  if (wanted === 'refused') {
    expect(call, where).toThrow(/^aten::/);
    return;
  }
  const result = call();
  compare(result, wanted, where);
  if (grads === undefined) return;
  const outputs = (Array.isArray(result) ? result : [result]).filter(
    (output): output is Tensor => output instanceof Tensor && output.requiresGrad,
  );
  const loss = outputs
    .map((output) => output.mul(fromData(fill(output.numel, 0.5, 1.5, 7), output.shape).to(output.dtype)).sum())
    .reduce((total, part) => total.add(part));
  const leaves = made.filter((tensor) => tensor.requiresGrad);
  for (const [i, gradient] of autograd.grad([loss], leaves, { allowUnused: true }).entries())
    compare(gradient, grads[i] ?? null, `${where}, gradient ${i}`);
};

const byName = new Map<string, Case[]>();
for (const entry of cases) byName.set(entry[0], [...(byName.get(entry[0]) ?? []), entry]);

describe('operators equal Python', () => {
  it('at least 300 of them, 200 with gradients', () => {
    const given = (wanted: (entry: Case) => boolean) => new Set(cases.filter(wanted).map(([name]) => name)).size;
    expect(given(([, , , results]) => results !== 'refused')).toBeGreaterThanOrEqual(300);
    expect(given(([, , , , grads]) => grads !== undefined)).toBeGreaterThanOrEqual(200);
  });

  for (const [name, own] of byName)
    it(name, () => {
      for (const entry of own)
        scope(() => run(entry, `${name}(${JSON.stringify(entry[1])}, ${JSON.stringify(entry[2])})`));
    });
});
