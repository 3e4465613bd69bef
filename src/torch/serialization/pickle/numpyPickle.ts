import { NoduleTrainError, quoted } from '../../../runtime/index.js';
import { bytesOfShape, MOST_DIMENSIONS, type Spend } from '../allowance.js';
import { swapped } from '../tensorBytes.js';
import { COST, PickleGlobal, Unfinished } from './pickleMachine.js';

/** Dtypes of NumPy, by kind and size in bytes, and the tensors' dtype of the same values. */
const DTYPES: Readonly<Record<string, string>> = {
  b1: 'bool',
  '?': 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  c8: 'complex64',
  c16: 'complex128',
};

type Refuse = (found: string) => never;

/** A dtype of NumPy: its byte order comes later. */
export class NumpyDtype extends Unfinished {
  isBigEndian = false;
  constructor(
    /** As `f8`, or `U5` of text. */
    readonly code: string,
    private readonly refuse: Refuse,
  ) {
    super();
  }

  /** State: (version, byte order, subdtype, names, fields, itemsize, alignment, flags). */
  override finish(state: unknown): void {
    const [version, order, subdtype, names] = Array.isArray(state) ? state : [];
    if (typeof version !== 'number' || typeof order !== 'string' || !'<>|='.includes(order) || order.length !== 1)
      this.refuse('a dtype of NumPy has an unknown state');
    if ((subdtype ?? null) !== null || (names ?? null) !== null)
      this.refuse('it holds a structured array of NumPy, which is not supported. Save its fields one by one.');
    this.isBigEndian = order === '>';
  }

  /** Dtype of a tensor with these values. */
  get tensorDtype(): string {
    const found = Object.hasOwn(DTYPES, this.code) ? DTYPES[this.code] : undefined;
    return (
      found ??
      this.refuse(
        `it holds a NumPy value of dtype ${quoted(this.code)}, which is not supported. Save it as a number, a string ` +
          'or a list.',
      )
    );
  }

  /** Bytes of one number that may be in the other order; a complex one has two. */
  get numberBytes(): number {
    const size = Number(/\d+$/.exec(this.code)?.[0] ?? 1);
    return this.code.startsWith('c') ? size / 2 : size;
  }
}

/** An array of NumPy, before its content and after. */
export class NumpyArray extends Unfinished {
  shape: readonly number[] = [];
  dtype = '';
  isFortran = false;
  /** Little-endian values in the array's order. */
  bytes: Uint8Array = new Uint8Array();
  #isFinished = false;

  constructor(private readonly refuse: Refuse) {
    super();
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** State: (version, shape, dtype, whether in Fortran order, bytes). */
  override finish(state: unknown, spend: Spend): void {
    const [, shape, dtype, isFortran, bytes] = Array.isArray(state) ? state : [];
    if (Array.isArray(bytes)) this.refuse('it holds an array of Python objects, which is not supported. Save a list.');
    this.fill(shape, dtype, isFortran === true, bytes, spend);
  }

  fill(shape: unknown, dtype: unknown, isFortran: boolean, bytes: unknown, spend: Spend): void {
    const isShape =
      Array.isArray(shape) &&
      shape.length <= MOST_DIMENSIONS &&
      shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
    if (!isShape || !(dtype instanceof NumpyDtype) || !(bytes instanceof Uint8Array))
      throw this.refuse('an array of NumPy has no valid shape, dtype or bytes');
    const name = dtype.tensorDtype;
    const size = dtype.code.startsWith('c') ? 2 * dtype.numberBytes : dtype.numberBytes;
    const needed = bytesOfShape(shape as number[], size);
    if (bytes.length !== needed)
      this.refuse(
        `an array of NumPy of shape [${shape}] and ${name} has ${bytes.length} bytes, expected ` +
          (needed === null ? 'more than fit into memory' : needed),
      );
    spend(COST.bytes + bytes.length);
    this.shape = [...(shape as number[])];
    this.dtype = name;
    this.isFortran = isFortran;
    this.bytes = dtype.isBigEndian ? swapped(bytes, dtype.numberBytes) : new Uint8Array(bytes);
    this.#isFinished = true;
  }
}

/** Reads one number, text or bytes of NumPy. */
function scalar(dtype: unknown, given: unknown, refuse: Refuse, spend: Spend): unknown {
  if (!(dtype instanceof NumpyDtype) || !(given instanceof Uint8Array))
    throw refuse('a number of NumPy has no dtype or bytes');
  const { code, isBigEndian } = dtype;
  // Many numbers may be made from the same bytes; characters are made one by one.
  spend(COST.bytes + (code.startsWith('U') ? 8 : 1) * given.length);
  if (code.startsWith('U')) {
    if (given.length % 4 !== 0 || given.length > 65_536) return refuse('a text of NumPy has no whole characters');
    const view = new DataView(given.buffer, given.byteOffset, given.length);
    const points = Array.from({ length: given.length / 4 }, (_, i) => view.getUint32(4 * i, !isBigEndian));
    if (points.some((point) => point > 0x10ffff)) return refuse('a text of NumPy holds no characters');
    return String.fromCodePoint(...points).replace(/\0+$/, '');
  }
  if (code.startsWith('S')) return new Uint8Array(given);
  const name = dtype.tensorDtype;
  const size = code.startsWith('c') ? 2 * dtype.numberBytes : dtype.numberBytes;
  if (given.length !== size) return refuse(`a number of NumPy has ${given.length} bytes, expected ${size} of ${name}`);
  const bytes = isBigEndian ? swapped(given, dtype.numberBytes) : given;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
  switch (name) {
    case 'bool':
      return view.getUint8(0) !== 0;
    case 'int8':
      return view.getInt8(0);
    case 'int16':
      return view.getInt16(0, true);
    case 'int32':
      return view.getInt32(0, true);
    case 'int64':
      return whole(view.getBigInt64(0, true));
    case 'uint8':
      return view.getUint8(0);
    case 'uint16':
      return view.getUint16(0, true);
    case 'uint32':
      return view.getUint32(0, true);
    case 'uint64':
      return whole(view.getBigUint64(0, true));
    case 'float16':
      return halfToNumber(view.getUint16(0, true));
    case 'float32':
      return view.getFloat32(0, true);
    case 'float64':
      return view.getFloat64(0, true);
    case 'complex64':
      return { re: view.getFloat32(0, true), im: view.getFloat32(4, true) };
    default:
      return { re: view.getFloat64(0, true), im: view.getFloat64(8, true) };
  }
}

/** Converts IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** Text of a dtype's code: kind and size, with or without the byte order. */
const CODE = /^[<>|=]?([?biufcUSOMmV]\d{0,8}(\[.*\])?)$/;

type Build = (args: readonly unknown[], spend: Spend) => unknown;

/** Returns the classes and functions of NumPy that make numbers and arrays, under the names of both generations. */
export function numpyGlobals(what: string): [name: string, build: Build | null][] {
  const refuse: Refuse = (found) => {
    throw new NoduleTrainError('pickle', `reading ${what}: ${found}`);
  };
  const dtype: Build = ([text]) => {
    const code = typeof text === 'string' ? CODE.exec(text)?.[1] : undefined;
    if (code === undefined) return refuse('a dtype of NumPy has no code');
    const made = new NumpyDtype(code === '?' ? 'b1' : code, refuse);
    made.isBigEndian = (text as string).startsWith('>');
    return made;
  };
  const reconstruct: Build = ([type]) =>
    type instanceof PickleGlobal && type.name === 'numpy.ndarray'
      ? new NumpyArray(refuse)
      : refuse('an array of NumPy is of an unknown class');
  const fromBuffer: Build = ([bytes, type, shape, order], spend) => {
    const made = new NumpyArray(refuse);
    made.fill(shape, type, order === 'F', bytes, spend);
    return made;
  };
  const found: [string, Build | null][] = [
    ['numpy.dtype', dtype],
    ['numpy.ndarray', null],
  ];
  for (const core of ['numpy.core', 'numpy._core']) {
    found.push([`${core}.multiarray._reconstruct`, reconstruct]);
    found.push([`${core}.multiarray.scalar`, ([type, bytes], spend) => scalar(type, bytes, refuse, spend)]);
    found.push([`${core}.numeric._frombuffer`, fromBuffer]);
  }
  // Classes of dtypes that are named as values, such as the dtype argument of a transform.
  for (const name of new Set([...Object.values(DTYPES), 'bool_'])) found.push([`numpy.${name}`, null]);
  return found;
}
