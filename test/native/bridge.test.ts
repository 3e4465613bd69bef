import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromData, op, ops, tensor } from '../../dist/torch/index.js';

describe('the dispatcher bridge', () => {
  it('wraps a number as Python does: float32 + 0.5 stays float32, int64 + 1 int64, int64 + 0.5 float32', () => {
    expect(tensor([1]).add(0.5).dtype).toBe('float32');
    const whole = fromData(new BigInt64Array([1n]), [1]);
    expect(whole.add(1).dtype).toBe('int64');
    expect(whole.add(0.5).dtype).toBe('float32');
  });

  it('one number serves where the schema wants int[2]', () => {
    const image = tensor([
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ]);
    expect(op('aten::max_pool2d')(image, 2).toArray()).toEqual([[[[4]]]]);
  });

  it('arguments by name, in camelCase too', () => {
    const a = tensor([1, 2]);
    expect(ops.add(a, a, { alpha: 10 }).toArray()).toEqual([11, 22]);
    expect(ops.sum(a, [0], { keepdim: true }).shape).toEqual([1]);
  });

  it('several results come as an array', () => {
    const [values, indices] = ops.max(tensor([[1, 5, 2]]), 1);
    expect(values.toArray()).toEqual([5]);
    expect(indices.toArray()).toEqual([1]);
  });

  it('an in-place operator returns the object it was called on', () => {
    const a = tensor([1, 2]);
    expect(a.add_(1)).toBe(a);
    expect(ops.mul_(a, 2)).toBe(a);
    expect(a.toArray()).toEqual([4, 6]);
  });

  it('a fraction for an int is refused, with the argument and the schema', () => {
    expect(() => ops.select(tensor([1, 2]), 0.5, 0)).toThrow(/'dim' is a number that is not whole.*wanted is int/s);
  });

  it('an unknown name, an unknown argument and too many arguments are one error each', () => {
    expect(() => op('aten::no_such_thing')).toThrow(/no operator has the name 'aten::no_such_thing'/);
    expect(() => ops.relu(tensor([1]), { slope: 1 })).toThrow(/has no argument 'slope'/);
    expect(() => ops.relu(tensor([1]), 1, 2)).toThrow(/takes 1 arguments, not 3/);
  });

  it("libtorch's own error comes without its backtrace", () => {
    let text = '';
    try {
      ops.mm(tensor([[1, 2]]), tensor([[1, 2]]));
    } catch (error) {
      text = (error as Error).message;
    }
    expect(text).toMatch(/^aten::mm: mat1 and mat2 shapes cannot be multiplied/);
    expect(text).not.toMatch(/frame #|\.cpp/);
  });

  it('private operators need to be meant', () => {
    expect(() => op('aten::_fused_adam_')).toThrow(/unsafe: true/);
    expect(op('aten::_fused_adam_', { unsafe: true }).schemas.length).toBeGreaterThan(0);
  });

  it('a disposed tensor is refused', () => {
    const a = tensor([1]);
    a.dispose();
    expect(() => a.add(1)).toThrow(/was disposed/);
    expect(() => ops.add(tensor([1]), a)).toThrow(/was disposed/);
  });

  it('what is no Tensor is refused as one', () => {
    expect(() => ops.relu({ shape: [1] } as any)).toThrow(/no signature fits|has no argument/);
    expect(() => ops.relu('x' as any)).toThrow(/'self' is a string, wanted is Tensor/);
  });

  it('a list of tensors with a hole is read as Tensor?[]', () => {
    const a = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(ops.index(a, [null, tensor([1n])]).toArray()).toEqual([[2], [4]]);
  });

  it('the typed names are those of the loaded dispatcher', () => {
    const script = path.join(import.meta.dirname, '..', '..', 'scripts', 'operator-names.mjs');
    execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' });
  });
});
