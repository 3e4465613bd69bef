import { types } from 'node:util';
import { NoduleTrainError } from '../../../runtime/index.js';
import { isPlainObject } from '../../plainObject.js';
import type { DType } from '../../tensor/dtype.js';
import { isTensor, type Tensor } from '../../tensor/tensor.js';
import { requireStorable } from '../tensorBytes.js';
import { dtypeOfStorage } from './torchPickle.js';

const storageOfDtype = Object.fromEntries(
  Object.entries(dtypeOfStorage).map(([name, dtype]) => [dtype, name.slice('torch.'.length)]),
) as Record<DType, string>;

const rowMajor = (shape: readonly number[]): number[] => {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    strides[dim] = step;
    step *= Math.max(shape[dim]!, 1);
  }
  return strides;
};

/** The pickle of a value, and its storages as tensors in the order of their keys. */
export interface WrittenPickle {
  pickle: Uint8Array;
  storages: Tensor[];
}

/**
 * Writes Tensors, Maps and plain objects (as dict), arrays (list), strings, numbers (int if integral), bigints,
 * booleans and null as a protocol 2 pickle that `torch.load(weights_only=True)` accepts.
 * @throws NoduleTrainError `pickle` naming the place of a value it cannot hold
 */
export function writePickle(value: unknown): WrittenPickle {
  const parts: Buffer[] = [];
  const storages: Tensor[] = [];
  const keyOf = new Map<Tensor, number>();
  const open = new Set<unknown>();

  const byte = (...codes: number[]): void => {
    parts.push(Buffer.from(codes));
  };
  const opcode = (text: string): void => {
    parts.push(Buffer.from(text, 'latin1'));
  };
  const string = (text: string): void => {
    const bytes = Buffer.from(text, 'utf8');
    const head = Buffer.alloc(5);
    head[0] = 0x58;
    head.writeUInt32LE(bytes.length, 1);
    parts.push(head, bytes);
  };
  const whole = (number: number | bigint): void => {
    if (number >= -(2 ** 31) && number < 2 ** 31) {
      const bytes = Buffer.alloc(5);
      bytes[0] = 0x4a;
      bytes.writeInt32LE(Number(number), 1);
      parts.push(bytes);
      return;
    }
    // LONG1: little-endian two's complement in as few bytes as possible.
    let rest = BigInt(number);
    const bytes: number[] = [];
    for (;;) {
      bytes.push(Number(rest & 0xffn));
      rest >>= 8n;
      const negative = bytes[bytes.length - 1]! >= 128;
      if ((rest === 0n && !negative) || (rest === -1n && negative)) break;
    }
    if (bytes.length > 255)
      throw new NoduleTrainError('pickle', `savePt: found a bigint of ${bytes.length} bytes, expected at most 255`);
    byte(0x8a, bytes.length, ...bytes);
  };
  const fraction = (number: number): void => {
    const bytes = Buffer.alloc(9);
    bytes[0] = 0x47;
    bytes.writeDoubleBE(number, 1);
    parts.push(bytes);
  };
  const tuple = (write: () => void): void => {
    opcode('(');
    write();
    opcode('t');
  };

  const writeTensor = (tensor: Tensor): void => {
    let key = keyOf.get(tensor);
    if (key === undefined) {
      key = storages.length;
      keyOf.set(tensor, key);
      storages.push(tensor);
    }
    opcode('ctorch._utils\n_rebuild_tensor_v2\n');
    tuple(() => {
      tuple(() => {
        string('storage');
        opcode(`ctorch\n${storageOfDtype[tensor.dtype]}\n`);
        string(String(key));
        string('cpu');
        whole(tensor.numel);
      });
      opcode('Q');
      whole(0);
      tuple(() => tensor.shape.forEach(whole));
      tuple(() => rowMajor(tensor.shape).forEach(whole));
      opcode('\x89'); // requires_grad: a state_dict's tensors have none
      opcode('ccollections\nOrderedDict\n)R');
    });
    opcode('R');
  };

  const write = (item: unknown, place: string): void => {
    if (item === null || item === undefined) opcode('N');
    else if (typeof item === 'boolean') opcode(item ? '\x88' : '\x89');
    else if (typeof item === 'number' && !Number.isSafeInteger(item)) fraction(item);
    else if (typeof item === 'number' || typeof item === 'bigint') whole(item);
    else if (typeof item === 'string') string(item);
    else if (isTensor(item)) {
      requireStorable('savePt', place, item);
      writeTensor(item);
    } else writeContainer(item, place);
  };

  const writeContainer = (item: unknown, place: string): void => {
    if (!(types.isMap(item) || Array.isArray(item) || isPlainObject(item)))
      throw new NoduleTrainError(
        'pickle',
        `savePt: ${place} is a ${typeof item === 'object' && item !== null ? item.constructor.name : typeof item}, ` +
          'expected a Tensor, Map, plain object, array, string, number, boolean or null',
      );
    if (open.has(item)) throw new NoduleTrainError('pickle', `savePt: ${place} contains itself`);
    open.add(item);
    if (Array.isArray(item)) {
      opcode('](');
      for (const [i, inner] of item.entries()) write(inner, `${place}[${i}]`);
      opcode('e');
    } else {
      opcode('}(');
      for (const [key, inner] of types.isMap(item) ? item : Object.entries(item)) {
        if (!['string', 'number', 'bigint', 'boolean'].includes(typeof key))
          throw new NoduleTrainError(
            'pickle',
            `savePt: a key of ${place} is ${typeof key}, expected a string or a number`,
          );
        write(key, place);
        write(inner, `${place}.${String(key)}`);
      }
      opcode('u');
    }
    open.delete(item);
  };

  byte(0x80, 2);
  write(value, 'the value');
  opcode('.');
  return { pickle: Buffer.concat(parts), storages };
}
