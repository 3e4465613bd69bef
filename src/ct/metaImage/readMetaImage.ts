import type { FileHandle } from 'node:fs/promises';
import { NoduleTrainError, quoted } from '../../runtime/index.js';
import { decode, type Values } from '../imageFile/elementType.js';
import { openToRead } from '../imageFile/openToRead.js';
import { readDataFile } from '../imageFile/readDataFile.js';
import { readValues, type ValuesPlace } from '../imageFile/readValues.js';
import { checkMetaHeader, type MetaHeader, metaTypes } from './metaHeader.js';

/** ITK writes less than 1 kB without, and some more with the fields of DICOM. */
const usualHeader = 1 << 16;
/** Longer than any header: private fields of DICOM may have hundreds of kB. */
const headerLimit = 1 << 22;

/** Fields that are read. Others may be repeated: programs copy any field of other formats into a header. */
const knownFields = new Set([
  ...['NDims', 'DimSize', 'ElementType', 'ElementNumberOfChannels', 'ElementSpacing', 'ElementSize', 'Modality'],
  ...['Offset', 'Origin', 'Position', 'TransformMatrix', 'Rotation', 'Orientation', 'AnatomicalOrientation'],
  ...['BinaryData', 'BinaryDataByteOrderMSB', 'ElementByteOrderMSB', 'CompressedData', 'CompressedDataSize'],
  ...['HeaderSize', 'ElementDataFile', 'CenterOfRotation'],
]);

/**
 * Reads the header and the values of a MetaImage file: `.mha`, or `.mhd` with its `.raw` or `.zraw`.
 * @throws NoduleTrainError `scan-missing`, `metaimage-header`, `metaimage-data`
 */
export const readMetaImage = async (path: string): Promise<{ header: MetaHeader; values: Values }> => {
  const file = await openToRead(path, `reading the scan ${path}`, 'Give the path of a .mhd or .mha file');
  try {
    const { fields, end, notes } = await readFields(file, path);
    const header = checkMetaHeader(path, fields);
    const type = metaTypes.get(header.elementType)!;
    const place = valuesPlace(header, header.dataFile === null ? end : 0);
    const where = { headerPath: path, name: header.dataFile, field: 'ElementDataFile' };
    const read = (place: ValuesPlace) =>
      readDataFile(file, where, (data, dataPath) => readValues(data, dataPath, place));
    const more: string[] = [];
    const bytes = await read(place).catch(async (fault) => {
      if (typeof place.packed !== 'number') throw fault;
      // CompressedDataSize is wrong in the files of some programs. The stream itself says where it ends.
      const whole = await read({ ...place, packed: 'rest' }).catch(() => {
        throw fault;
      });
      more.push(
        `its CompressedDataSize (${place.packed}) is wrong; the values were unpacked from the whole rest of the file`,
      );
      return whole;
    });
    return {
      header: { ...header, notes: [...notes, ...header.notes, ...more] },
      values: decode(bytes, type, header.bigEndian),
    };
  } finally {
    await file.close();
  }
};

interface Fields {
  readonly fields: ReadonlyMap<string, string>;
  /** Offset of the bytes after the header. */
  readonly end: number;
  readonly notes: readonly string[];
}

const readFields = async (file: FileHandle, path: string): Promise<Fields> => {
  const { size } = await file.stat();
  for (const limit of [usualHeader, headerLimit]) {
    const start = Buffer.alloc(Math.min(limit, size));
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    const parsed = parseFields(start.toString('latin1', 0, bytesRead), path);
    if (parsed !== null) return parsed;
  }
  throw new NoduleTrainError(
    'metaimage-header',
    `reading the header ${path}: field ElementDataFile is missing in its first ${Math.min(headerLimit, size)} bytes, ` +
      'expected LOCAL or the name of the file with the values',
  );
};

/**
 * Parses the `Key = Value` lines up to ElementDataFile, which ends a header; null where there is none. Any key is
 * accepted, as ITK writes those of other formats (`dim[0]`, `NRRD_kinds[0]`, `0008|0060`); a value with line breaks
 * leaves lines without an equals sign.
 */
const parseFields = (text: string, path: string): Fields | null => {
  const fields = new Map<string, string>();
  const notes: string[] = [];
  let skipped = 0;
  // A byte order mark, as some editors write it.
  let end = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0;
  for (let line = 1; end < text.length; line++) {
    const newline = text.indexOf('\n', end);
    const content = text.slice(end, newline < 0 ? text.length : newline).trim();
    end = newline < 0 ? text.length : newline + 1;
    if (content === '') continue;
    const equals = content.includes('=') ? content.indexOf('=') : content.indexOf(':');
    const key = content.slice(0, Math.max(equals, 0)).trim();
    if (fields.size === 0 && !/^[A-Za-z]\w*$/.test(key)) {
      throw new NoduleTrainError(
        'metaimage-header',
        `reading the header ${path}: line ${line} is ${quoted(content)}, expected "Field = value". This is not a ` +
          'MetaImage file.',
      );
    }
    if (key === '') {
      skipped++;
      continue;
    }
    const value = content.slice(equals + 1).trim();
    const before = fields.get(key);
    if (before !== undefined && before !== value && knownFields.has(key))
      notes.push(
        `its field ${key} is given twice, ${quoted(before)} and ${quoted(value)}; the last is used, as ITK does`,
      );
    fields.set(key, value);
    if (key !== 'ElementDataFile') continue;
    if (skipped > 0) notes.push(`skipping ${skipped} lines of its header that are not "Field = value"`);
    return { fields, end, notes };
  }
  return null;
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
