// Compiled by test/native/torch/bridge.test.ts and never run. @ts-expect-error marks the lines that must not compile.
import { type Int, op, ops, type Tensor } from '../../dist/torch/index.js';

declare const x: Tensor;
declare const y: Tensor;

/** Compiles only where the type is exactly that. */
const is = <Wanted>(_: Wanted): void => undefined;

// add: a number stands for a tensor, `alpha` and `out` come by name.
is<Tensor>(ops.add(x, y));
is<Tensor>(ops.add(x, 1, { alpha: 2 }));
is<Tensor>(ops.add(x, y, { alpha: 2, out: x }));
// @ts-expect-error two tensors are expected
ops.add(x);
// @ts-expect-error a string is not a tensor
ops.add(x, 'y');
// @ts-expect-error no such argument
ops.add(x, y, { beta: 2 });

// sum: optional arguments by place or by name.
is<Tensor>(ops.sum(x));
is<Tensor>(ops.sum(x, 0));
is<Tensor>(ops.sum(x, [0, 1], true, { dtype: 'float64' }));
is<Tensor>(ops.sum(x, [0, 1], { keepdim: true }));
// @ts-expect-error not a dtype
ops.sum(x, [0], true, { dtype: 'float' });
// @ts-expect-error keepdim is a boolean
ops.sum(x, [0], 1);

// max: an overload of its own with two results.
is<Tensor>(ops.max(x));
is<[values: Tensor, indices: Tensor]>(ops.max(x, 1));
// @ts-expect-error with a dimension there are two results
is<Tensor>(ops.max(x, 1));

// conv2d
is<Tensor>(ops.conv2d(x, y, null, 2, [1, 1]));
is<Tensor>(ops.conv2d(x, y, { stride: 2, groups: 4 }));
is<Tensor>(ops.conv2d(x, y, x, { padding: 'same' }));
// @ts-expect-error a weight is expected
ops.conv2d(x, null);

// cat and stack: lists of tensors.
is<Tensor>(ops.cat([x, y], 1));
// @ts-expect-error a list without holes
ops.cat([x, null]);

// index: a list with holes.
is<Tensor>(ops.index(x, [null, y]));

// where: tensors and numbers.
is<Tensor>(ops.where(x, y, 0));
is<Tensor[]>(ops.where(x));

// topk
is<[values: Tensor, indices: Tensor]>(ops.topk(x, 3, { largest: false }));
// @ts-expect-error k is not optional
ops.topk(x);

// split, unbind: lists.
is<Tensor[]>(ops.split(x, 2));
is<Tensor[]>(ops.unbind(x));

// Results that are not tensors.
is<boolean>(ops.equal(x, y));
is<Int>(ops.dense_dim(x));
is<string>(ops.result_type(x, y));

// einsum: a string first.
is<Tensor>(ops.einsum('ij,jk->ik', [x, y]));

// In place and to memory format.
is<Tensor>(ops.add_(x, 1));
is<Tensor>(ops.clone(x, { memoryFormat: 'channels_last' }));
// @ts-expect-error not a memory format
ops.clone(x, { memoryFormat: 'nhwc' });

// The project's own.
is<Tensor>(ops.nodule.philox4x32_10(x, y));

// @ts-expect-error private operators are not properties
ops._softmax(x, 0, false);
// @ts-expect-error no such operator
ops.no_such_thing(x);

is<readonly string[]>(op('aten::add').schemas);
