import { quoted } from '../../../runtime/index.js';
import type { DType } from '../../tensor/dtype.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bytesOfShape, MOST_DIMENSIONS } from '../allowance.js';
import { bytesAt, type OpenFile, type Reading } from '../reading.js';
import { bytesPerElement } from '../tensorBytes.js';

/** Dtypes by NumPy's names without the byte order. NumPy has no bfloat16. */
const dtypeOfKind: Record<string, DType> = {
  f8: 'float64',
  f4: 'float32',
  f2: 'float16',
  i8: 'int64',
  i4: 'int32',
  i2: 'int16',
  i1: 'int8',
  u1: 'uint8',
  b1: 'bool',
};
const kindOfDtype = new Map(Object.entries(dtypeOfKind).map(([kind, dtype]) => [dtype, kind]));

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
// The limit of numpy.load: a longer header is a structured type or an attack.
const MOST_HEADER_BYTES = 10_000;

export interface NpyHeader {
  dtype: DType;
  bigEndian: boolean;
  /** Whether the first axis varies fastest. */
  fortranOrder: boolean;
  shape: number[];
  /** Offset of the values, in bytes. */
  begin: number;
}

type Refuse = (what: string) => never;

/** Parses the dictionary of the header, which NumPy writes as a Python literal: three entries in any order. */
const parseDictionary = (text: string, refuse: Refuse): Omit<NpyHeader, 'begin'> => {
  const entries = new Map<string, string>();
  const entry = /\s*(['"])(\w+)\1\s*:\s*('[^'\\]*'|"[^"\\]*"|True|False|\([^()]*\)|[^,{}]+)\s*(,|(?=\}))/y;
  const open = /\s*\{/.exec(text);
  if (open?.index !== 0) return refuse(`its header is not a dictionary: ${quoted(text.trim())}`);
  entry.lastIndex = open[0].length;
  let end = entry.lastIndex;
  for (let found = entry.exec(text); found !== null; found = entry.exec(text)) {
    if (entries.has(found[2]!)) return refuse(`its header has ${found[2]} twice`);
    entries.set(found[2]!, found[3]!.trim());
    end = entry.lastIndex;
  }
  if (!/^\s*\}\s*$/.test(text.slice(end)) || entries.size !== 3)
    return refuse(`its header is not of descr, fortran_order and shape alone: ${quoted(text.trim())}`);
  const descr = entries.get('descr') ?? '';
  const kind = /^['"]([<>=|])(\w+)['"]$/.exec(descr);
  const dtype = kind === null || !Object.hasOwn(dtypeOfKind, kind[2]!) ? undefined : dtypeOfKind[kind[2]!];
  if (dtype === undefined)
    return refuse(
      `its element type is ${quoted(descr)}, expected one of ${Object.keys(dtypeOfKind)} in either byte order. ` +
        'Convert it in Python with .astype(…).',
    );
  const order = entries.get('fortran_order');
  if (order !== 'True' && order !== 'False') return refuse('its fortran_order is neither True nor False');
  const list = /^\((.*)\)$/s.exec(entries.get('shape') ?? '')?.[1]?.trim();
  if (list === undefined) return refuse('its shape is not a tuple');
  const parts = list === '' ? [] : list.replace(/,$/, '').split(',');
  const shape = parts.map((part) => (/^\s*\d{1,16}L?\s*$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  if (
    !shape.every(Number.isSafeInteger) ||
    shape.length > MOST_DIMENSIONS ||
    (shape.length === 1 && !list.includes(','))
  )
    return refuse(`its shape is ${quoted(`(${list})`)}, expected a tuple of at most ${MOST_DIMENSIONS} sizes`);
  return { dtype, bigEndian: kind![1] === '>', fortranOrder: order === 'True', shape };
};

/**
 * Reads and checks the header of an array in NumPy's format (numpy.lib.format, versions 1 to 3). The values must end
 * with the file.
 * @param refuse throws an error with the reason
 */
export function* readNpyHeader(file: OpenFile, refuse: Refuse): Reading<NpyHeader> {
  const start = yield* bytesAt(file, 0, Math.min(12, file.size));
  if (start.length < 12 || !start.subarray(0, 6).equals(MAGIC)) return refuse('it does not begin with \\x93NUMPY');
  const [major, minor] = [start[6]!, start[7]!];
  if (major < 1 || major > 3 || minor !== 0)
    return refuse(`it has version ${major}.${minor}, expected 1.0, 2.0 or 3.0`);
  const textBegin = major === 1 ? 10 : 12;
  const length = major === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (length > MOST_HEADER_BYTES) return refuse(`its header has ${length} bytes, the limit is ${MOST_HEADER_BYTES}`);
  const begin = textBegin + length;
  if (begin > file.size) return refuse(`its header ends at byte ${begin}, the file at ${file.size}`);
  const text = (yield* bytesAt(file, textBegin, length)).toString(major === 3 ? 'utf8' : 'latin1');
  const header = { ...parseDictionary(text, refuse), begin };
  const needed = bytesOfShape(header.shape, bytesPerElement[header.dtype]);
  if (needed !== file.size - begin)
    return refuse(
      `found ${file.size - begin} bytes of data, expected ${needed ?? 'more than any file has'} ` +
        `for the shape [${header.shape}] of ${header.dtype}`,
    );
  return header;
}

/** Returns an array in Fortran order as a view of its stored values with the axes reversed, as NumPy does. */
export const axesTurned = (stored: Tensor): Tensor => {
  const turned = stored.permute(...stored.shape.map((_, dim) => stored.dim - 1 - dim));
  stored.dispose();
  return turned;
};

/** Makes the header of a row-major little-endian array; null if NumPy has no such element type. */
export const npyHeader = (dtype: DType, shape: readonly number[]): Uint8Array | null => {
  const kind = kindOfDtype.get(dtype);
  if (kind === undefined) return null;
  const order = bytesPerElement[dtype] === 1 ? '|' : '<';
  const sizes = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const dictionary = `{'descr': '${order}${kind}', 'fortran_order': False, 'shape': ${sizes}, }`;
  // The values begin at a multiple of 64 bytes, and the header ends with a newline.
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  MAGIC.copy(header);
  header[6] = 1;
  header[7] = 0;
  header.writeUInt16LE(length, 8);
  header.write(dictionary, 10, 'latin1');
  header[header.length - 1] = 0x0a;
  return header;
};
