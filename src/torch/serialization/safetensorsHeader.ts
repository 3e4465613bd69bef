import { NoduleTrainError, quoted } from '../../runtime/index.js';
import type { DType } from '../tensor/dtype.js';
import { allowance, bytesOfShape } from './allowance.js';
import { describeOther } from './fileKind.js';
import { parseHeaderJson } from './headerJson.js';
import { bytesAt, type OpenFile, type Reading } from './reading.js';
import { bytesPerElement } from './tensorBytes.js';

const dtypeOfName: Record<string, DType> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};
export const nameOfDtype = Object.fromEntries(
  Object.entries(dtypeOfName).map(([name, dtype]) => [dtype, name]),
) as Record<DType, string>;

/** Dtypes of the format that tensors here cannot have. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  U16: 'unsigned integers',
  U32: 'unsigned integers',
  U64: 'unsigned integers',
  F8_E4M3: 'float8_e4m3fn',
  F8_E5M2: 'float8_e5m2',
  F8_E4M3FNUZ: 'float8_e4m3fnuz',
  F8_E5M2FNUZ: 'float8_e5m2fnuz',
  F8_E8M0: 'float8_e8m0fnu',
  F6_E2M3: 'six bits',
  F6_E3M2: 'six bits',
  F4: 'four bits',
  C64: 'complex numbers',
};

// The limit of the format's own library: a larger header is an attack or not a safetensors file.
const MOST_HEADER_BYTES = 100_000_000;

export interface StoredTensor {
  name: string;
  dtype: DType;
  shape: number[];
  /** Offsets in bytes from the start of the file. */
  begin: number;
  end: number;
}

export interface SafetensorsHeader {
  tensors: StoredTensor[];
  metadata: Record<string, string>;
}

/**
 * Reads and checks the header of a safetensors file: the tensors must fill the data from start to end, without holes or
 * overlaps, each with the bytes its shape needs. Nothing is allocated from unchecked values.
 * @throws NoduleTrainError `safetensors` naming the fault
 */
export function* readSafetensorsHeader(file: OpenFile): Reading<SafetensorsHeader> {
  const refuse = (what: string): never => {
    throw new NoduleTrainError('safetensors', `reading ${file.path}: not a valid safetensors file: ${what}`);
  };
  const start = yield* bytesAt(file, 0, Math.min(9, file.size));
  const other = describeOther(start, 'safetensors');
  if (other !== null)
    throw new NoduleTrainError('safetensors', `reading ${file.path}: found ${other}, expected a safetensors file.`);
  if (file.size < 8) return refuse(`it has ${file.size} bytes, expected at least the 8 of the header's length`);
  const length = Number((yield* bytesAt(file, 0, 8)).readBigUInt64LE());
  if (length > MOST_HEADER_BYTES)
    return refuse(`its header has ${length} bytes, the format allows ${MOST_HEADER_BYTES}`);
  if (8 + length > file.size) return refuse(`its header has ${length} bytes, the file only ${file.size}`);
  const described = parseHeaderJson(yield* bytesAt(file, 8, length), refuse, allowance(file, 'safetensors'));
  const dataStart = 8 + length;
  const tensors = described.tensors.map(({ name, dtype: dtypeName, shape, offsets }): StoredTensor => {
    const dtype = Object.hasOwn(dtypeOfName, dtypeName) ? dtypeOfName[dtypeName] : undefined;
    if (dtype === undefined) {
      const meaning = Object.hasOwn(UNSUPPORTED, dtypeName) ? UNSUPPORTED[dtypeName] : undefined;
      if (meaning === undefined)
        return refuse(
          `tensor ${quoted(name)} has dtype ${quoted(dtypeName)}, expected one of ${Object.keys(dtypeOfName)}`,
        );
      throw new NoduleTrainError(
        'safetensors-dtype',
        `reading ${file.path}: tensor ${quoted(name)} has the unsupported dtype ${dtypeName} (${meaning}), expected ` +
          `one of ${Object.keys(dtypeOfName).join(', ')}. Convert it first, in Python with tensor.to(torch.float32).`,
      );
    }
    const [begin, end] = offsets as [number, number];
    const needed = bytesOfShape(shape, bytesPerElement[dtype]);
    if (end - begin !== needed)
      return refuse(
        `tensor ${quoted(name)} of shape [${shape}] and ${dtypeName} has ${end - begin} bytes, ` +
          `expected ${needed ?? 'more than any file has'}`,
      );
    return { name, dtype, shape, begin: dataStart + begin, end: dataStart + end };
  });
  let place = dataStart;
  for (const tensor of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (tensor.begin !== place)
      return refuse(
        `tensor ${quoted(tensor.name)} begins at byte ${tensor.begin}, expected ${place} (a hole or an overlap)`,
      );
    place = tensor.end;
  }
  if (place !== file.size)
    return refuse(`its tensors end at byte ${place}, the file at ${file.size}: it is truncated or has extra bytes`);
  return { tensors, metadata: described.metadata };
}
