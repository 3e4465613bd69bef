import { NoduleTrainError } from '../../runtime/error.js';
import type { DType } from '../dtype.js';
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

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads and checks the header of a safetensors file: the tensors must fill the data from its start to its end, without holes
 * or overlaps, each with as many bytes as its shape wants.
 * @throws NoduleTrainError `safetensors` naming what is wrong
 */
export function readSafetensorsHeader(file: string, bytes: Uint8Array): SafetensorsHeader {
  const refuse = (what: string): never => {
    throw new NoduleTrainError('safetensors', `${file} is no valid safetensors file: ${what}`);
  };
  if (bytes.length < 8) return refuse(`it has ${bytes.length} bytes, the length of the header alone takes 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MOST_HEADER_BYTES) return refuse(`its header would have ${length} bytes`);
  if (8 + length > bytes.length) return refuse(`its header has ${length} bytes, the file only ${bytes.length}`);
  const dataStart = 8 + length;
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart)));
  } catch (cause) {
    return refuse(`its header is no JSON (${(cause as Error).message})`);
  }
  if (!isObject(parsed)) return refuse('its header is no JSON object');
  const metadata: Record<string, string> = {};
  const tensors: StoredTensor[] = [];
  for (const [name, entry] of Object.entries(parsed)) {
    if (name === '__metadata__') {
      if (!isObject(entry)) return refuse('its __metadata__ is no object');
      for (const [key, value] of Object.entries(entry)) {
        if (typeof value !== 'string') return refuse(`its metadata ${key} is no string`);
        Object.defineProperty(metadata, key, { value, enumerable: true, writable: true, configurable: true });
      }
      continue;
    }
    if (!isObject(entry)) return refuse(`tensor ${name} has no description`);
    const { dtype: dtypeName, shape, data_offsets: offsets } = entry;
    const dtype = typeof dtypeName === 'string' && Object.hasOwn(dtypeOfName, dtypeName) && dtypeOfName[dtypeName];
    if (!dtype)
      return refuse(`tensor ${name} has dtype ${JSON.stringify(dtypeName)}, known are ${Object.keys(dtypeOfName)}`);
    if (!Array.isArray(shape) || !shape.every(isSize)) return refuse(`tensor ${name} has no valid shape`);
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
      return refuse(`tensor ${name} has no valid data_offsets`);
    const [begin, end] = offsets as [number, number];
    const wanted = shape.reduce((product, size) => product * size, bytesPerElement[dtype]);
    if (!Number.isSafeInteger(wanted) || end - begin !== wanted)
      return refuse(`tensor ${name} of shape [${shape}] and ${dtypeName} has ${end - begin} bytes`);
    tensors.push({ name, dtype, shape, begin: dataStart + begin, end: dataStart + end });
  }
  let place = dataStart;
  for (const tensor of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (tensor.begin !== place)
      return refuse(`tensor ${tensor.name} begins at byte ${tensor.begin}, wanted is ${place} (a hole or an overlap)`);
    place = tensor.end;
  }
  if (place !== bytes.length)
    return refuse(`its tensors end at byte ${place}, the file has ${bytes.length}: it is cut off or something follows`);
  return { tensors, metadata };
}
