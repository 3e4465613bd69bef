import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NoduleTrainError, quoted } from '../../runtime/index.js';
import { decode, type Values } from '../imageFile/elementType.js';
import { openToRead } from '../imageFile/openToRead.js';
import { readValues, type ValuesPlace } from '../imageFile/readValues.js';
import { checkMetaHeader, type MetaHeader, metaTypes } from './metaHeader.js';

/** Longer than any header; ITK writes under 1 kB, comments and DICOM fields may add some. */
const headerLimit = 1 << 16;

/** Reads a MetaImage file (`.mhd` with its `.raw` or `.zraw`, `.mha`): header and values, shape [slices, rows, columns]. */
export const readMetaImage = async (path: string): Promise<{ header: MetaHeader; values: Values }> => {
  const file = await openToRead(path, `reading the scan ${path}`, 'give the path of a .mhd or .mha file');
  try {
    const { fields, end } = await readFields(file, path);
    const header = checkMetaHeader(path, fields);
    const type = metaTypes.get(header.elementType)!;
    if (header.dataFile === null)
      return { header, values: decode(await readValues(file, path, valuesPlace(header, end)), type, header.bigEndian) };
    const dataPath = join(dirname(path), header.dataFile);
    const data = await openToRead(
      dataPath,
      `reading ${dataPath}, the ElementDataFile of ${path}`,
      'put it beside the header',
    );
    try {
      return {
        header,
        values: decode(await readValues(data, dataPath, valuesPlace(header, 0)), type, header.bigEndian),
      };
    } finally {
      await data.close();
    }
  } finally {
    await file.close();
  }
};

/** `Key = Value` lines up to ElementDataFile, which ends a header, and where the bytes after it begin. */
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
        `reading the header ${path}: line ${line} is ${quoted(content)}; wanted is "Field = value": this is no MetaImage file`,
      );
    }
    fields.set(key, content.slice(equals + 1).trim());
    if (key === 'ElementDataFile') return { fields, end };
  }
  throw new NoduleTrainError(
    'metaimage-header',
    `reading the header ${path}: field ElementDataFile is missing in its first ${bytesRead} bytes; wanted is LOCAL or the name of the file with the values`,
  );
};

const valuesPlace = (header: MetaHeader, local: number): ValuesPlace => ({
  start: header.headerSize === -1 ? -1 : Math.max(header.headerSize, local),
  earliest: local,
  bytes: header.dataBytes,
  // ITK writes 0 where it does not know.
  packed: header.compressed ? header.compressedSize || 'rest' : null,
  code: 'metaimage-data',
  said: `DimSize ${header.shape.toReversed().join(' ')} of ${header.elementType}`,
  fields: header.compressed ? 'DimSize or ElementType' : 'DimSize, ElementType and HeaderSize',
});
