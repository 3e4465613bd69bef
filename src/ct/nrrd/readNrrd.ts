import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { NoduleTrainError, quoted } from '../../runtime/index.js';
import { decode, intensityOfType, type Values } from '../imageFile/elementType.js';
import type { ImageFile } from '../imageFile/imageFile.js';
import { openToRead } from '../imageFile/openToRead.js';
import { readValues } from '../imageFile/readValues.js';
import { saidInText } from '../imageFile/saidInText.js';
import { nrrdGrid } from './nrrdGrid.js';
import { checkNrrdHeader, type NrrdFields, type NrrdHeader } from './nrrdHeader.js';

/** Longer than any header; segmentations carry some ten kB of key/value pairs. */
const headerLimit = 1 << 20;

/** Longer than what scanners put before raw values as lines of text. */
const linesLimit = 1 << 20;

/** The key of what the format has no field for. */
export const saidKey = 'nodule-train';

/** Reads a NRRD file, `.nrrd` with its values or `.nhdr` with a file of values in its own folder. */
export const readNrrd = async (path: string): Promise<ImageFile> => {
  const file = await openToRead(path, `reading the scan ${path}`, 'give the path of a .nrrd or .nhdr file');
  try {
    const { end, ...fields } = await readFields(file, path);
    const header = checkNrrdHeader(path, fields);
    const grid = nrrdGrid(path, fields);
    const { intensity, spacingUnknown } = saidInText(`${saidKey} ${fields.keys.get(saidKey) ?? ''}`);
    return {
      ...{ shape: header.shape, slope: 1, intercept: 0, ...grid },
      ...(spacingUnknown && { spacing: null }),
      values: await valuesOf(file, path, header, end),
      intensity: intensity ?? intensityOfType(header.type),
      uid: basename(path, extname(path)),
    };
  } finally {
    await file.close();
  }
};

/** The lines up to the empty one that ends the header (or to the end of a detached one), and where the bytes after it begin. */
const readFields = async (file: FileHandle, path: string): Promise<NrrdFields & { end: number }> => {
  const fail = (text: string): never => {
    throw new NoduleTrainError('nrrd-header', `reading the header ${path}: ${text}`);
  };
  const text = await readText(file, 0, headerLimit);
  if (!/^NRRD000[1-5]\r?\n/.test(text))
    fail(
      `it begins with ${JSON.stringify(text.slice(0, 8))}; wanted is "NRRD0001" to "NRRD0005": this is no NRRD file`,
    );
  const fields = new Map<string, string>();
  const keys = new Map<string, string>();
  let end = 0;
  for (let line = 1; end < text.length; line++) {
    const newline = text.indexOf('\n', end);
    const content = text.slice(end, newline < 0 ? text.length : newline).replace(/\r$/, '');
    end = newline < 0 ? text.length : newline + 1;
    if (content === '') return { fields, keys, end };
    if (line === 1 || content.startsWith('#')) continue;
    const [, key, value] = /^([^:]+):=(.*)$/.exec(content) ?? [];
    if (key !== undefined) keys.set(key, value!);
    else {
      const [, field, said] = /^([^:]+): *(.*)$/.exec(content) ?? [];
      if (field === undefined) fail(`line ${line} is ${quoted(content)}; wanted is "field: value" or "key:=value"`);
      fields.set(field!.trim().toLowerCase(), said!.trim());
    }
  }
  // Only where the values are elsewhere a header may end with its file.
  if (text.length === headerLimit)
    fail(`it does not end within ${headerLimit} bytes; wanted is an empty line before the values`);
  if (!fields.has('data file') && !fields.has('datafile'))
    fail('it ends with the file; wanted is an empty line and the values, or the field data file');
  return { fields, keys, end };
};

const readText = async (file: FileHandle, start: number, limit: number): Promise<string> => {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(Math.max(0, Math.min(limit, size - start)));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
  return bytes.toString('latin1', 0, bytesRead);
};

const valuesOf = async (file: FileHandle, path: string, header: NrrdHeader, end: number): Promise<Values> => {
  const { dataFile, type, bigEndian } = header;
  if (dataFile === null) return decode(await readPlace(file, path, header, end), type, bigEndian);
  const dataPath = join(dirname(path), dataFile);
  const data = await openToRead(dataPath, `reading ${dataPath}, the data file of ${path}`, 'put it beside the header');
  try {
    return decode(await readPlace(data, dataPath, header, 0), type, bigEndian);
  } finally {
    await data.close();
  }
};

const readPlace = async (file: FileHandle, path: string, header: NrrdHeader, end: number): Promise<Buffer> => {
  const { shape, typeName, dataBytes, packed, lineSkip, byteSkip } = header;
  const start = end + (await lengthOfLines(file, path, end, lineSkip));
  const before = Math.max(0, byteSkip);
  return readValues(file, path, {
    ...(packed
      ? { start, packed: 'rest', skip: before }
      : { start: byteSkip === -1 ? -1 : start + before, packed: null }),
    earliest: start,
    bytes: dataBytes,
    code: 'nrrd-data',
    said: `sizes ${shape.toReversed().join(' ')} of ${typeName}`,
    fields: 'sizes, type or byte skip',
  });
};

/** Bytes of the first lines from `start`. */
const lengthOfLines = async (file: FileHandle, path: string, start: number, lines: number): Promise<number> => {
  if (lines === 0) return 0;
  const text = await readText(file, start, linesLimit);
  let end = 0;
  for (let line = 0; line < lines; line++) {
    end = text.indexOf('\n', end) + 1;
    if (end === 0)
      throw new NoduleTrainError(
        'nrrd-data',
        `reading the values in ${path}: field line skip is ${lines}, but ${line} lines are there; wanted are the values after them`,
      );
  }
  return end;
};
