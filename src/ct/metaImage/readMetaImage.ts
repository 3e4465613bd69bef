import type { FileHandle } from 'node:fs/promises';
import { NoduleTrainError, quoted } from '../../runtime/index.js';
import { decode, type Values } from '../imageFile/elementType.js';
import { openToRead } from '../imageFile/openToRead.js';
import { readDataFile } from '../imageFile/readDataFile.js';
import { readValues, type ValuesPlace } from '../imageFile/readValues.js';
import { checkMetaHeader, type MetaHeader, metaTypes } from './metaHeader.js';

/** Longer than any header: ITK writes less than 1 kB; comments and DICOM fields may add some. */
const headerLimit = 1 << 16;

/**
 * Reads the header and the values of a MetaImage file: `.mha`, or `.mhd` with its `.raw` or `.zraw`.
 * @throws NoduleTrainError `scan-missing`, `metaimage-header`, `metaimage-data`
 */
export const readMetaImage = async (path: string): Promise<{ header: MetaHeader; values: Values }> => {
  const file = await openToRead(path, `reading the scan ${path}`, 'Give the path of a .mhd or .mha file');
  try {
    const { fields, end } = await readFields(file, path);
    const header = checkMetaHeader(path, fields);
    const type = metaTypes.get(header.elementType)!;
    const place = valuesPlace(header, header.dataFile === null ? end : 0);
    const where = { headerPath: path, name: header.dataFile, field: 'ElementDataFile' };
    const bytes = await readDataFile(file, where, (data, dataPath) => readValues(data, dataPath, place));
    return { header, values: decode(bytes, type, header.bigEndian) };
  } finally {
    await file.close();
  }
};

/**
 * Reads the `Key = Value` lines up to ElementDataFile, which ends a header; `end` is the offset of the bytes after it.
 */
const readFields = async (file: FileHandle, path: string): Promise<{ fields: Map<string, string>; end: number }> => {
  const start = Buffer.alloc(headerLimit);
  const { bytesRead } = await file.read(start, 0, headerLimit, 0);
  const text = start.toString('latin1', 0, bytesRead);
  const fields = new Map<string, string>();
  let end = 0;
  for (let line = 1; end < text.length; line++) {
    const newline = text.indexOf('\n', end);
    const content = text.slice(end, newline < 0 ? text.length : newline).trim();
    end = newline < 0 ? text.length : newline + 1;
    if (content === '') continue;
    const equals = content.indexOf('=');
    const key = content.slice(0, Math.max(equals, 0)).trim();
    if (!/^[A-Za-z]\w*$/.test(key)) {
      throw new NoduleTrainError(
        'metaimage-header',
        `reading the header ${path}: line ${line} is ${quoted(content)}, expected "Field = value". This is not a ` +
          'MetaImage file.',
      );
    }
    fields.set(key, content.slice(equals + 1).trim());
    if (key === 'ElementDataFile') return { fields, end };
  }
  throw new NoduleTrainError(
    'metaimage-header',
    `reading the header ${path}: field ElementDataFile is missing in its first ${bytesRead} bytes, expected ` +
      'LOCAL or the name of the file with the values',
  );
};

/** `earliest` is the length of a header in the same file. */
const valuesPlace = (header: MetaHeader, earliest: number): ValuesPlace => ({
  start: header.headerSize === -1 ? -1 : Math.max(header.headerSize, earliest),
  earliest,
  bytes: header.dataBytes,
  // ITK writes 0 where it does not know the size.
  packed: header.compressed ? header.compressedSize || 'rest' : null,
  code: 'metaimage-data',
  declared: `DimSize ${header.shape.toReversed().join(' ')} of ${header.elementType}`,
  fields: header.compressed ? 'DimSize and ElementType' : 'DimSize, ElementType and HeaderSize',
});
