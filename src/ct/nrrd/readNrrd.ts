import type { FileHandle } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { NoduleTrainError, quoted } from '../../runtime/index.js';
import { decodeName } from '../imageFile/dataFileName.js';
import { decode, inferIntensity } from '../imageFile/elementType.js';
import type { ImageFile, ReadRequest } from '../imageFile/imageFile.js';
import { openToRead } from '../imageFile/openToRead.js';
import { readDataFile } from '../imageFile/readDataFile.js';
import { readValues } from '../imageFile/readValues.js';
import { parseWriterTag } from '../imageFile/writerTag.js';
import { nrrdGrid } from './nrrdGrid.js';
import { checkNrrdHeader, type NrrdFields, type NrrdHeader, refuseNrrdField } from './nrrdHeader.js';
import { chooseSegments, listSegments, voxelsOf } from './nrrdSegments.js';

/** Longer than any header; those of segmentations have tens of kB of key/value pairs. */
const headerLimit = 1 << 20;

/** Longer than any lines of text that scanners write before raw values. */
const linesLimit = 1 << 20;

/** The key that holds the writer's tag. */
export const tagKey = 'nodule-train';

/**
 * Reads a NRRD file: `.nrrd` with its values, or `.nhdr` with a data file in the same folder.
 * @throws NoduleTrainError `scan-missing`, `nrrd-header`, `nrrd-data`
 */
export const readNrrd = async (path: string, { labels }: ReadRequest): Promise<ImageFile> => {
  const file = await openToRead(path, `reading the scan ${path}`, 'Give the path of a .nrrd or .nhdr file');
  try {
    const { end, ...fields } = await readFields(file, path);
    const header = checkNrrdHeader(path, fields);
    const grid = nrrdGrid(path, fields, header);
    const segments = listSegments(path, fields, header);
    if (header.layers > 1 && labels === undefined)
      refuseNrrdField(path, 'sizes', `has ${header.layers} layers of segments`, 'a scan. This is a segmentation.');
    const chosen = labels === undefined || segments === null ? null : chooseSegments(path, segments, labels);
    const { intensity, spacingUnknown } = parseWriterTag(`${tagKey} ${fields.keys.get(tagKey) ?? ''}`);
    const values = decode(await readPacked(file, path, header, end), header.type, header.bigEndian);
    return {
      ...grid,
      ...(spacingUnknown && { spacing: null }),
      shape: header.shape,
      slope: 1,
      intercept: 0,
      values: chosen === null ? values : voxelsOf(values, chosen.chosen, header),
      ...(chosen !== null && { isSegment: true, notes: [...grid.notes, ...chosen.notes] }),
      ...(intensity === null ? inferIntensity(header.type) : { intensity }),
      uid: basename(path, extname(path)),
    };
  } finally {
    await file.close();
  }
};

/**
 * Reads the lines up to the empty one that ends the header (or to the end of a detached one); `end` is the offset of
 * the bytes after it.
 */
const readFields = async (file: FileHandle, path: string): Promise<NrrdFields & { end: number }> => {
  const fail = (text: string): never => {
    throw new NoduleTrainError('nrrd-header', `reading the header ${path}: ${text}`);
  };
  const text = await readText(file, 0, headerLimit);
  if (!/^NRRD000[1-5]\r?\n/.test(text))
    fail(
      `it begins with ${JSON.stringify(text.slice(0, 8))}, expected "NRRD0001" to "NRRD0005". This is not a NRRD file.`,
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
    if (key !== undefined) keys.set(decodeName(key), decodeName(value!));
    else {
      const [, field, fieldText] = /^([^:]+): *(.*)$/.exec(content) ?? [];
      if (field === undefined) fail(`line ${line} is ${quoted(content)}, expected "field: value" or "key:=value"`);
      fields.set(field!.trim().toLowerCase(), fieldText!.trim());
    }
  }
  // A header may end with its file only where the values are in another file.
  if (text.length === headerLimit)
    fail(`it does not end within ${headerLimit} bytes, expected an empty line before the values`);
  if (!fields.has('data file') && !fields.has('datafile'))
    fail('it ends with the file, expected an empty line and the values, or a data file field');
  return { fields, keys, end };
};

const readText = async (file: FileHandle, start: number, limit: number): Promise<string> => {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(Math.max(0, Math.min(limit, size - start)));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
  return bytes.toString('latin1', 0, bytesRead);
};

/** The bytes of the values, unpacked, from this file or the data file. */
const readPacked = (file: FileHandle, path: string, header: NrrdHeader, end: number): Promise<Buffer> => {
  const { dataFile } = header;
  const from = dataFile === null ? end : 0;
  return readDataFile(file, { headerPath: path, name: dataFile, field: 'data file' }, (data, dataPath) =>
    readPlace(data, dataPath, header, from),
  );
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
    declared: `sizes ${shape.toReversed().join(' ')} of ${typeName}`,
    fields: 'sizes, type and byte skip',
  });
};

/** The number of bytes in the first `lines` lines from `start`. */
const lengthOfLines = async (file: FileHandle, path: string, start: number, lines: number): Promise<number> => {
  if (lines === 0) return 0;
  const text = await readText(file, start, linesLimit);
  let end = 0;
  for (let line = 0; line < lines; line++) {
    end = text.indexOf('\n', end) + 1;
    if (end === 0)
      throw new NoduleTrainError(
        'nrrd-data',
        `reading the values in ${path}: found field line skip ${lines}, but only ${line} lines before the ` +
          'end of the file. Expected the values after the skipped lines.',
      );
  }
  return end;
};
