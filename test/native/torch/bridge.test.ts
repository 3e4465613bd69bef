import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromData, op, ops, tensor } from '../../../dist/torch/index.js';
import { root } from '../../support/paths.js';

describe('the dispatcher bridge', () => {
  it('wraps numbers as Python does: float32 + 0.5 stays float32, int64 + 1 int64, int64 + 0.5 float32', () => {
    expect(tensor([1]).add(0.5).dtype).toBe('float32');
    const whole = fromData(new BigInt64Array([1n]), [1]);
    expect(whole.add(1).dtype).toBe('int64');
    expect(whole.add(0.5).dtype).toBe('float32');
  });

  it('one number is accepted for int[2]', () => {
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
    expect(() => ops.select(tensor([1, 2]), 0.5, 0)).toThrow(
      /^aten::select: 'dim' is the number 0.5, which is not whole, expected a whole number; schema aten::select.int\(/,
    );
  });

  it('an unknown name, an unknown argument and too many arguments are one error each', () => {
    expect(() => op('aten::no_such_thing')).toThrow(/no operator has the name 'aten::no_such_thing'/);
    expect(() => ops.relu(tensor([1]), { slope: 1 })).toThrow(/has no argument 'slope'/);
    expect(() => ops.relu(tensor([1]), 1, 2)).toThrow(
      /^aten::relu: it takes 1 argument, not 3; schema aten::relu\(Tensor self\) -> Tensor/,
    );
  });

  it("libtorch's own error comes without its backtrace", () => {
    let text = '';
    try {
      ops.mm(tensor([[1, 2]]), tensor([[1, 2]]));
    } catch (error) {
      text = (error as Error).message;
    }
    expect(text).toBe(
      'aten::mm(self: float32 [1, 2], mat2: float32 [1, 2]), schema aten::mm(Tensor self, Tensor mat2) -> Tensor: ' +
        'mat1 and mat2 shapes cannot be multiplied (1x2 and 1x2)',
    );
  });

  it('private operators need unsafe: true', () => {
    expect(() => op('aten::_fused_adam_')).toThrow(/unsafe: true/);
    expect(op('aten::_fused_adam_', { unsafe: true }).schemas.length).toBeGreaterThan(0);
  });

  it('a disposed tensor is refused', () => {
    const a = tensor([1]);
    a.dispose();
    expect(() => a.add(1)).toThrow(/was disposed/);
    expect(() => ops.add(tensor([1]), a)).toThrow(/was disposed/);
  });

  it('a value that is not a Tensor is refused for a Tensor argument', () => {
    expect(() => ops.relu({ shape: [1] } as any)).toThrow(
      /^aten::relu: 'self' is missing, expected a Tensor; schema aten::relu\(/,
    );
    expect(() => ops.relu('x' as any)).toThrow(/^aten::relu: 'self' is the string 'x', expected a Tensor; schema/);
  });

  it('a list of tensors with a hole is read as Tensor?[]', () => {
    const a = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(ops.index(a, [null, tensor([1n])]).toArray()).toEqual([[2], [4]]);
  });

  it('the tensor given as out is the result', () => {
    const out = tensor([0, 0]);
    expect(ops.add(tensor([1, 2]), tensor([3, 4]), { out })).toBe(out);
    expect(out.toArray()).toEqual([4, 6]);
  });

  it('an out of another shape is made to fit, and its shape is not the old one', () => {
    const out = tensor([0]);
    expect(out.shape).toEqual([1]);
    ops.add(tensor([1, 2]), tensor([3, 4]), { out });
    expect(out.shape).toEqual([2]);
  });

  it('a number is refused for an argument that is written to', () => {
    expect(() => op('aten::add_')(1, tensor([1]))).toThrow(/'self' is the number 1, expected a Tensor/);
  });

  it('a dtype result is returned as its name', () => {
    expect(ops.result_type(tensor([1]), tensor([1n]))).toBe('float32');
  });

  it('a repeated call selects the same signature as the first', () => {
    const whole = tensor([4n]);
    for (const exponent of [2, 0.5, 2])
      expect(ops.pow(whole, exponent).dtype).toBe(exponent === 2 ? 'int64' : 'float32');
    for (const other of [tensor([2]), 2, tensor([2])])
      expect(ops.add(tensor([1]), other as any).toArray()).toEqual([3]);
  });

  it('an error of libtorch is one line, whatever its text', () => {
    const refusals = [
      () => ops.conv2d(tensor([1]), tensor([1])),
      () => ops.cat([tensor([[1]]), tensor([1])]),
      () => ops.div(tensor([1]), tensor([1]), { roundingMode: 'up' }),
      () => ops.index_select(tensor([1]), 0, tensor([9n])),
    ];
    for (const refusal of refusals) expect(refusal).toThrow(/^aten::\w+\([^\n]*\), schema aten::[^\n]+$/);
  });

  it('two signatures that fit equally are both named', () => {
    expect(() => op('aten::normal')(1, 1)).toThrow(
      /two signatures fit equally well, choose one with op\('aten::normal.<overload>'\): aten::normal.Tensor_float\(.* and aten::normal.float_Tensor\(/,
    );
  });

  it('ops returns the same operator each time, and throws for an unknown name', () => {
    expect(ops.add).toBe(ops.add);
    expect((ops as any).then).toBeUndefined();
    expect(() => (ops as any).no_such_thing).toThrow(/no operator has the name 'aten::no_such_thing'/);
    expect(() => (ops as any)._softmax).toThrow(/unsafe: true/);
  });

  it('calls are checked against the schemas at compile time', () => {
    const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    execFileSync(process.execPath, [tsc, '--project', path.join(root, 'test', 'types')], { stdio: 'pipe' });
  }, 60_000);
});
