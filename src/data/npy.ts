import { type FileHandle, open } from 'node:fs/promises';
import { NoduleTrainError } from '../runtime/error.js';

/** The element types of our arrays on disk, by NumPy's names. */
const kinds = {
  '|u1': Uint8Array,
  '<i2': Int16Array,
  '<i4': Int32Array,
} as const;

type Kind = keyof typeof kinds;
export type NpyData = Uint8Array | Int16Array | Int32Array;

const magic = Buffer.from('\x93NUMPY\x01\x00', 'latin1');

/** Writes an array in NumPy's own format, version 1.0 (numpy.lib.format), and forces it to the disk. */
export async function writeNpy(path: string, shape: readonly number[], data: NpyData): Promise<void> {
  const kind = (Object.keys(kinds) as Kind[]).find((name) => data instanceof kinds[name]) as Kind;
  const dictionary = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  // The data must start at a multiple of 64 bytes, the header ends with a newline.
  const length = Math.ceil((magic.length + 2 + dictionary.length + 1) / 64) * 64 - magic.length - 2;
  const header = Buffer.alloc(magic.length + 2 + length, ' ');
  magic.copy(header);
  header.writeUInt16LE(length, magic.length);
  header.write(dictionary, magic.length + 2, 'latin1');
  header[header.length - 1] = 0x0a;
  const file = await open(path, 'w');
  try {
    await file.write(header);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; )
      at += (await file.write(bytes, at, Math.min(bytes.length - at, 1 << 30))).bytesWritten;
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Reads an array that `writeNpy` wrote.
 * @throws NoduleTrainError `npy` where the file is no such array or shorter than its shape
 */
export async function readNpy(path: string): Promise<{ shape: number[]; data: NpyData }> {
  const file = await open(path, 'r');
  try {
    const start = await readBytes(file, magic.length + 2, 0);
    if (start.length < magic.length + 2 || !start.subarray(0, magic.length).equals(magic))
      throw refused(path, 'no NumPy 1.0 array', 'a file that prepare wrote');
    const length = start.readUInt16LE(magic.length);
    const header = (await readBytes(file, length, start.length)).toString('latin1');
    const kind = header.match(/'descr': '([^']+)'/)?.[1] as Kind;
    const shape = header
      .match(/'shape': \(([^)]*)\)/)?.[1]
      ?.split(',')
      .filter((part) => part.trim() !== '')
      .map(Number);
    if (!(kind in kinds) || shape === undefined || !header.includes("'fortran_order': False"))
      throw refused(path, header.trim(), `row-major ${Object.keys(kinds).join(', ')}`);
    const count = shape.reduce((product, n) => product * n, 1);
    const data = new kinds[kind](count);
    const bytes = Buffer.from(data.buffer, 0, data.byteLength);
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await file.read(
        bytes,
        at,
        Math.min(bytes.length - at, 1 << 30),
        start.length + length + at,
      );
      if (bytesRead === 0) throw refused(path, `${at} bytes of data`, `${bytes.length} for the shape [${shape}]`);
      at += bytesRead;
    }
    return { shape, data };
  } finally {
    await file.close();
  }
}

const refused = (path: string, found: string, wanted: string) =>
  new NoduleTrainError('npy', `reading ${path}: found ${found}, wanted ${wanted}; prepare the data again`);

async function readBytes(file: FileHandle, length: number, position: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  return bytes.subarray(0, bytesRead);
}
