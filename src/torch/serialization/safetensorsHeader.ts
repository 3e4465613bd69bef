import { NoduleTrainError, quoted } from '../../runtime/index.js';
import type { DType } from '../tensor/dtype.js';
import { allowance, bytesOfShape } from './allowance.js';
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

// As the format's own library: a larger header is an attack or no safetensors file.
const MOST_HEADER_BYTES = 100_000_000;

export interface StoredTensor {
  name: string;
  dtype: DType;
  shape: number[];
  /** In bytes from the start of the file. */
  begin: number;
  end: number;
}

export interface SafetensorsHeader {
  tensors: StoredTensor[];
  metadata: Record<string, string>;
}

/**
 * Reads and checks the header of a safetensors file: the tensors must fill the data from its start to its end, without holes
 * or overlaps, each with as many bytes as its shape wants. Nothing is allocated by what an unchecked header says.
 * @throws NoduleTrainError `safetensors` naming what is wrong
 */
export function* readSafetensorsHeader(file: OpenFile): Reading<SafetensorsHeader> {
  const refuse = (what: string): never => {
    throw new NoduleTrainError('safetensors', `${file.path} is no valid safetensors file: ${what}`);
  };
  if (file.size < 8) return refuse(`it has ${file.size} bytes, the length of the header alone takes 8`);
  const length = Number((yield* bytesAt(file, 0, 8)).readBigUInt64LE());
  if (length > MOST_HEADER_BYTES)
    return refuse(`its header would have ${length} bytes, the format allows ${MOST_HEADER_BYTES}`);
  if (8 + length > file.size) return refuse(`its header has ${length} bytes, the file only ${file.size}`);
  const described = parseHeaderJson(yield* bytesAt(file, 8, length), refuse, allowance(file, 'safetensors'));
  const dataStart = 8 + length;
  const tensors = described.tensors.map(({ name, dtype: dtypeName, shape, offsets }): StoredTensor => {
    const dtype = Object.hasOwn(dtypeOfName, dtypeName) ? dtypeOfName[dtypeName] : undefined;
    if (dtype === undefined)
      return refuse(`tensor ${quoted(name)} has dtype ${quoted(dtypeName)}, known are ${Object.keys(dtypeOfName)}`);
    const [begin, end] = offsets as [number, number];
    const wanted = bytesOfShape(shape, bytesPerElement[dtype]);
    if (end - begin !== wanted)
      return refuse(
        `tensor ${quoted(name)} of shape [${shape}] and ${dtypeName} has ${end - begin} bytes, wanted are ${wanted ?? 'more than any file has'}`,
      );
    return { name, dtype, shape, begin: dataStart + begin, end: dataStart + end };
  });
  let place = dataStart;
  for (const tensor of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (tensor.begin !== place)
      return refuse(
        `tensor ${quoted(tensor.name)} begins at byte ${tensor.begin}, wanted is ${place} (a hole or an overlap)`,
      );
    place = tensor.end;
  }
  if (place !== file.size)
    return refuse(`its tensors end at byte ${place}, the file has ${file.size}: it is cut off or something follows`);
  return { tensors, metadata: described.metadata };
}
