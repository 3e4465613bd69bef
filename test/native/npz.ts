import fs from 'node:fs';
import { readZip } from '../../dist/torch/serialization/zipEntries.js';

export interface NpzArray {
  shape: number[];
  data: Float64Array;
}

const half = (bits: number): number => {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
};

/** The arrays of a golden .npz: float16, float32 and int32, as float64. */
export const readNpz = (file: string): Record<string, NpzArray> => {
  const arrays: Record<string, NpzArray> = {};
  for (const [name, bytes] of readZip(file, fs.readFileSync(file))) {
    const headerLength = bytes[8]! + 256 * bytes[9]!;
    const header = new TextDecoder().decode(bytes.subarray(10, 10 + headerLength));
    const descr = /'descr': '([^']+)'/.exec(header)![1]!;
    const shape = /'shape': \(([^)]*)\)/
      .exec(header)![1]!
      .split(',')
      .filter((part) => part.trim() !== '')
      .map(Number);
    const view = new DataView(bytes.buffer, bytes.byteOffset + 10 + headerLength);
    const length = shape.reduce((product, size) => product * size, 1);
    const read: Record<string, (i: number) => number> = {
      '<f2': (i) => half(view.getUint16(2 * i, true)),
      '<f4': (i) => view.getFloat32(4 * i, true),
      '<i4': (i) => view.getInt32(4 * i, true),
    };
    arrays[name.replace(/\.npy$/, '')] = { shape, data: Float64Array.from({ length }, (_, i) => read[descr]!(i)) };
  }
  return arrays;
};
