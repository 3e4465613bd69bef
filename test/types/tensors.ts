// Compiled by test/native/torch/bridge.test.ts and never run. @ts-expect-error marks the lines that must not compile.
import {
  arange,
  type DType,
  fromData,
  type NestedArray,
  newaxis,
  ones,
  ops,
  slice,
  type Tensor,
  type TensorOptions,
  tensor,
  where,
  zeros,
  zerosLike,
} from '../../dist/torch/index.js';

/** Compiles only where the value has that type. */
const is = <Wanted>(_: Wanted): void => undefined;

// A dtype that is certain decides the type of values.
is<Float32Array>(fromData(new Float32Array(4)).data());
is<Uint8Array>(fromData(Buffer.from([1, 2])).data());
is<Int16Array>(tensor(Int16Array.of(1)).data());
is<number>(tensor(3).item());
is<boolean>(tensor(true).item());
is<BigInt64Array>(tensor([1n]).data());
is<Float32Array>(tensor([]).data());
is<BigInt64Array>(zeros(2, 3, { dtype: 'int64' }).data());
is<bigint | undefined>(arange(5, { dtype: 'int64' }).data()[0]);
is<Float64Array>(zerosLike(ones(2), { dtype: 'float64' }).data());
is<BigInt64Array>(where(ones(2).gt(0))[0]!.data());

// A variable may take the result of an operator, whose dtype is unknown.
let h = zeros([2, 3]);
h = h.add(1);
h = ops.relu(h);
is<Float32Array>(h.data());
is<boolean>(h.gt(0).any().item());
is<BigInt64Array>(h.argmax(1).data());
is<Int8Array>(h.to('int8').data());
is<Float64Array>(h.double().data());
is<Tensor<'float32'>>(h.reshape(6).unsqueeze(0).t().clone());
const [sorted, places] = h.sort(0);
is<Float32Array>(sorted.data());
is<BigInt64Array>(places.data());
// @ts-expect-error a bool tensor is not one of float32
is<Tensor<'float32'>>(h.gt(0));
// @ts-expect-error the values of a bool tensor are a Uint8Array
is<Float32Array>(h.gt(0).data());

// An unknown dtype: item() is a number, and names of dtypes and numbers of dimensions say what is expected.
const loss = (x: Tensor): number => x.pow(2).mean().item();
is<number>(loss(h.gt(0)));
is<number>(loss(tensor([[1, 2]])));
is<Float64Array>(ops.relu(h).data('float64'));
is<boolean>(ops.any(h).item('bool'));
is<number[][]>(h.toArray(2));
is<boolean[]>(h.index(0).gt(0).toArray(1));
is<number[]>(h.sum(0).toArray(1));
is<NestedArray>(h.mul(2).toArray());
is<Promise<number[]>>(h.toArrayAsync(1));
is<Promise<Float32Array>>(h.dataAsync());
is<DType>(h.dtype);
is<Tensor[]>([h, h.gt(0)]);
// @ts-expect-error more dimensions than an array of numbers has
is<number[]>(h.toArray(2));

// Options may be undefined, and of unknown dtype.
const options: TensorOptions = { dtype: undefined, device: undefined, requiresGrad: undefined };
is<Tensor>(tensor([1], options));
is<Tensor>(zeros([2], options));

// Items of an index.
is<Tensor<'float32'>>(h.index(1, slice(2, 5), newaxis, '...', [1, 2], [true, false], ':', h.gt(0), [[0], [1]]));
is<Tensor<'float32'>>(h.setIndex([0, slice(1)], 5));
// @ts-expect-error null is a new dimension, and no edge of a range
h.index([0, null]);
// @ts-expect-error a range is slice()
h.index('0:2');
