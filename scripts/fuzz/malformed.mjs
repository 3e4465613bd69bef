// Arguments that no operator should get, mixed with valid ones so that calls get past the first check.
import { fromData, op, ops } from '../../dist/torch/index.js';

const pick = (draw, list) => list[Math.floor(draw() * list.length)];

const shapes = [
  [],
  [0],
  [1],
  [3],
  [6],
  [0, 3],
  [2, 3],
  [3, 3],
  [4, 1],
  [2, 3, 4],
  [1, 2, 4, 4],
  [2, 4, 5, 5],
  [1, 1, 3, 4, 4],
  [1, 1, 1, 1, 1, 1],
  [3, 0, 2],
];
const dtypes = [
  'float32',
  'float32',
  'float32',
  'float64',
  'int64',
  'int64',
  'int32',
  'uint8',
  'int8',
  'bool',
  'float16',
  'bfloat16',
];
const rareDtypes = ['uint16', 'uint32', 'uint64', 'int16', 'complex64', 'float8_e4m3fn', 'float8_e5m2'];
const whole = [
  0,
  1,
  2,
  3,
  -1,
  -2,
  -7,
  5,
  100,
  -100,
  65536,
  2 ** 31,
  -(2 ** 31),
  2 ** 40,
  -(2 ** 40),
  2n ** 62n,
  -(2n ** 63n),
];
const small = [0, 1, 2, 3, -1, -2, 4, 7];
const fractions = [0, 1, 0.5, -1, 1e-8, 1e30, -1e30, Number.NaN, Number.POSITIVE_INFINITY];
const words = [
  'none',
  'mean',
  'sum',
  'linear',
  'reflect',
  'constant',
  'circular',
  'replicate',
  'floor',
  'trunc',
  'same',
  'valid',
  'amax',
  'prod',
  'ij',
  'xy',
  'tanh',
  'L',
  'ij,jk->ik',
  'i,i->',
  '...',
  '',
  'x'.repeat(200),
  'left',
  'right',
  'nearest',
  'fro',
  'nuc',
  'reduced',
  'complete',
];

/** Bytes other than 0 and 1 as bool, which a caller can write through data(). */
const boolOf = (draw, shape) => {
  const numel = shape.reduce((product, size) => product * size, 1);
  const bytes = Uint8Array.from({ length: numel }, () => pick(draw, [0, 1, 2, 3, 128, 255]));
  return op('aten::view.dtype')(fromData(bytes, shape), 'bool');
};

const tensorOf = (draw, shape) => {
  const kind = draw();
  if (kind < 0.02) return boolOf(draw, shape);
  const dtype = pick(draw, kind < 0.06 ? rareDtypes : dtypes);
  const numel = shape.reduce((product, size) => product * size, 1);
  const wild = draw();
  const value = () => {
    if (wild < 0.6) return dtype.includes('float') ? draw() * 4 - 2 : Math.floor(draw() * 3);
    if (wild < 0.8) return Number(pick(draw, whole));
    return pick(draw, fractions);
  };
  const filled = Float64Array.from({ length: numel }, value);
  let tensor = fromData(filled, shape).to(dtype);
  const form = draw();
  if (form < 0.1 && shape.length >= 2) tensor = tensor.transpose(0, -1);
  else if (form < 0.15 && shape.length >= 1) tensor = tensor.unsqueeze(0).expand(5, ...shape);
  else if (form < 0.18) tensor = ops.complex(tensor.to('float32'), tensor.to('float32'));
  else if (form < 0.2) tensor = ops.conj(ops.complex(tensor.to('float32'), tensor.to('float32')));
  else if (form < 0.23 && shape.length >= 2) tensor = op('aten::to_sparse')(tensor.to('float32'));
  else if (form < 0.3 && dtype.startsWith('float') && dtype !== 'float16') tensor.requiresGrad = true;
  return tensor;
};

/** Parameters that hold places or lengths, by their names: kernels often use them unchecked. */
const PLACES = /ind(ex|ices)|target|offset|length|label|batch_sizes|crow|col_|row_|pivot|mapping|sizes|input[23]/;
/** Parameters that hold one value per channel. */
const CHANNELS = /weight|bias|running|mean|var|scale|zero_point|invstd|gamma|beta/;

/** A tensor of the right kind with bad values or a bad length, which passes checks of kinds and dimensions. */
const plausibleTensor = (draw, name, shape) => {
  const filled = (own, value, dtype) => {
    const numel = own.reduce((product, size) => product * size, 1);
    return fromData(Float64Array.from({ length: numel }, value), own).to(dtype);
  };
  if (PLACES.test(name)) {
    const own = draw() < 0.5 ? shape : [pick(draw, [shape[0] ?? 1, 0, 1, 3, 7])];
    const wild = draw();
    const value = () => {
      if (wild < 0.4) return Math.floor(draw() * 3);
      if (wild < 0.7) return Math.floor(draw() * 10);
      if (wild < 0.85) return Math.floor(draw() * 10) - 5;
      return Number(pick(draw, whole));
    };
    return filled(own, value, draw() < 0.85 ? 'int64' : 'int32');
  }
  const value = draw() < 0.85 ? () => draw() * 4 - 2 : () => pick(draw, fractions);
  const channels = shape[1] ?? shape[0] ?? 1;
  if (CHANNELS.test(name) && draw() < 0.7)
    return filled([Math.max(0, pick(draw, [channels, channels, channels - 1, 1, 0, channels + 3]))], value, 'float32');
  const made = filled(shape, value, 'float32');
  if (draw() < 0.2) made.requiresGrad = true;
  return made;
};

const intsOf = (draw, length) => {
  const wild = draw() < 0.4;
  const count = draw() < 0.7 ? length : Math.floor(draw() * 5);
  return Array.from({ length: count }, () => pick(draw, wild ? whole : small));
};

/** One argument; undefined omits it, if the schema has a default. */
const argumentFor = (draw, { name, type, hasDefault }, shape, isPlausible) => {
  if (hasDefault && draw() < 0.4) return undefined;
  const bare = type.replace(/\?$/, '');
  if (bare !== type && draw() < 0.3) return null;
  if (isPlausible && bare === 'Tensor') return plausibleTensor(draw, name, shape);
  if (isPlausible && bare === 'Tensor[]')
    return Array.from({ length: 1 + Math.floor(draw() * 3) }, () => plausibleTensor(draw, name, shape));
  if (isPlausible && bare === 'int' && draw() < 0.7) return Math.floor(draw() * 4);
  if (isPlausible && /^int\[/.test(bare) && draw() < 0.7) {
    const length = Number(/\d/.exec(bare)?.[0] ?? Math.floor(draw() * 4));
    return Array.from({ length }, () => Math.floor(draw() * 5));
  }
  const ownShape = () => (draw() < 0.6 ? shape : pick(draw, shapes));
  const sized = /^int\[(\d)\]$/.exec(bare);
  if (sized) return draw() < 0.15 ? pick(draw, whole) : intsOf(draw, Number(sized[1]));
  const bools = /^bool\[(\d)\]$/.exec(bare);
  if (bools) return Array.from({ length: Number(bools[1]) }, () => draw() < 0.7);
  switch (bare) {
    case 'Tensor':
      return tensorOf(draw, ownShape());
    case 'Tensor[]':
      return Array.from({ length: Math.floor(draw() * 4) }, () => tensorOf(draw, ownShape()));
    case 'Tensor?[]':
      return Array.from({ length: Math.floor(draw() * 4) }, () => (draw() < 0.3 ? null : tensorOf(draw, ownShape())));
    case 'int':
      return draw() < 0.5 ? pick(draw, small) : pick(draw, whole);
    case 'int[]':
      return intsOf(draw, Math.floor(draw() * 4));
    case 'float':
      return pick(draw, fractions);
    case 'float[]':
      return Array.from({ length: Math.floor(draw() * 4) }, () => pick(draw, fractions));
    case 'Scalar':
      return pick(draw, draw() < 0.5 ? fractions : [...small, true]);
    case 'Scalar[]':
      return Array.from({ length: Math.floor(draw() * 4) }, () => pick(draw, fractions));
    case 'bool':
      return draw() < 0.5;
    case 'str':
      return pick(draw, words);
    case 'ScalarType':
      return pick(draw, dtypes);
    case 'Layout':
      return pick(draw, ['strided', 'sparse_coo']);
    case 'MemoryFormat':
      return pick(draw, ['contiguous_format', 'preserve_format', 'channels_last', 'channels_last_3d']);
    case 'Device':
      return 'cpu';
    default:
      return undefined;
  }
};

/**
 * Returns one value per parameter of the schema. Most tensors share a shape, or nearly every call would fail at the
 * first check. Half of the calls have only arguments of plausible kinds, with bad values: places out of range, lengths
 * that contradict each other, NaN.
 */
export const malformed = (schema, draw) => {
  const shape = pick(draw, shapes);
  const isPlausible = draw() < 0.5;
  return schema.parameters.map((parameter) => argumentFor(draw, parameter, shape, isPlausible));
};
