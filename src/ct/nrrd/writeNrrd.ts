import { basename } from 'node:path';
import { replaceFile } from '../../runtime/index.js';
import { scale, transpose } from '../grid/matrix3.js';
import { packGzip } from '../imageFile/deflate.js';
import { machineIsLittleEndian, viewBytes } from '../imageFile/elementType.js';
import type { ImageToWrite } from '../imageFile/imageFile.js';
import { formatWriterTag } from '../imageFile/writerTag.js';
import { tagKey } from './readNrrd.js';

const typeNames = new Map<unknown, string>([
  [Uint8Array, 'unsigned char'],
  [Int16Array, 'short'],
  [Float32Array, 'float'],
  [Float64Array, 'double'],
]);

/**
 * Writes a NRRD file in LPS: `.nrrd`, or `.nhdr` with its `.raw.gz` (`.raw` with `compress` false) beside it, in this
 * machine's byte order. The data file is written first and the header last, so a header never lacks its data.
 * @throws NoduleTrainError `scan-write`
 */
export const writeNrrd = async (path: string, image: ImageToWrite, compress: boolean): Promise<void> => {
  const raw = viewBytes(image.values);
  const data = compress ? await packGzip(raw) : raw;
  if (!path.toLowerCase().endsWith('.nhdr')) {
    await replaceFile(path, Buffer.concat([headerOf(image, compress), Buffer.from('\n'), data]), 'scan-write');
    return;
  }
  const dataPath = path.replace(/\.nhdr$/i, compress ? '.raw.gz' : '.raw');
  await replaceFile(dataPath, data, 'scan-write');
  await replaceFile(
    path,
    Buffer.concat([headerOf(image, compress), Buffer.from(`data file: ${basename(dataPath)}\n`)]),
    'scan-write',
  );
};

const headerOf = (
  { shape, spacing, origin, direction, values, intensity }: ImageToWrite,
  compress: boolean,
): Buffer => {
  const vector = (numbers: readonly number[]) => `(${numbers.join(',')})`;
  const steps = transpose(direction).map((axis, n) => scale(axis, spacing?.[n] ?? 1));
  const tag = formatWriterTag(intensity, spacing === null);
  const lines = [
    'NRRD0004',
    `type: ${typeNames.get(values.constructor)}`,
    'dimension: 3',
    'space: left-posterior-superior',
    `sizes: ${shape.toReversed().join(' ')}`,
    `space directions: ${steps.map(vector).join(' ')}`,
    'kinds: domain domain domain',
    `endian: ${machineIsLittleEndian ? 'little' : 'big'}`,
    `encoding: ${compress ? 'gzip' : 'raw'}`,
    `space origin: ${vector(origin)}`,
    ...(spacing === null ? [] : ['space units: "mm" "mm" "mm"']),
    ...(tag === '' ? [] : [`${tagKey}:=${tag.slice(tagKey.length + 1)}`]),
  ];
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
};
