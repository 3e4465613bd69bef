import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet } from 'dicom-parser';
import { NoduleTrainError } from '../../runtime/index.js';
import { openToRead } from '../imageFile/openToRead.js';
import { dictionary } from './dictionary.js';
import { type DicomTags, dicomTags } from './tags.js';
import { findTransferSyntax, type TransferSyntax } from './transferSyntax.js';

/** One file: its tags up to the pixels, and the position of the pixels, which are not read. */
export interface DicomFile {
  readonly path: string;
  readonly tags: DicomTags;
  readonly syntax: TransferSyntax;
  /** Null: the file holds no image. */
  readonly pixels: PixelBytes | null;
}

/** The position of the bytes of PixelData. */
export interface PixelBytes {
  /** Offset from the start of the file, or of `inflated`. */
  readonly offset: number;
  /** Length of the element; -1 where it is undefined, as for compressed frames. */
  readonly length: number;
  /**
   * Whether their VR is OW (words, which a big-endian file swaps). Implicit VR files do not record it, and swap
   * nothing.
   */
  readonly words: boolean;
  /** Bytes from `offset` to the end of the file. */
  readonly available: number;
  /** The unpacked data set of a deflated file, which holds the pixels. */
  readonly inflated: Buffer | null;
}

/** The tags of a CT need far less; more of a file is read only where the pixels do not begin within. */
const firstBytes = 1 << 15;

/** More than the tags of any image, even of enhanced files with thousands of frames; limits what dicom-parser gets. */
const mostTagBytes = 1 << 25;

/** The same for a structure set, whose contours are tags: those of a hundred organs take about a hundred megabytes. */
const mostStructureSetBytes = 1 << 28;

/** Limit on one deflated file, unpacked. */
const mostInflatedBytes = 1 << 28;

/** SOP class of RT Structure Set Storage. */
export const structureSetClass = '1.2.840.10008.5.1.4.1.1.481.3';

const pixelData = `x${dictionary.PixelData[0]}`;
const undefinedLength = 0xffffffff;

/**
 * Reads the tags of a file up to its pixels. Null where it is not a DICOM file: it has no "DICM" after 128 bytes, and
 * is not a data set without a file header, as in old archives. Errors call the file `name`.
 * @throws NoduleTrainError `dicom-file` if it is DICOM but cannot be read; `scan-missing` if it cannot be opened
 */
export const readDicomFile = async (path: string, name = path): Promise<DicomFile | null> => {
  const parsed = await readDataSet(path, name);
  return parsed === null ? null : createDicomFile(path, name, parsed);
};

/**
 * Does what `readDicomFile` does and returns every tag of the file. Only `readSourceAttributes` may use it otherwise:
 * it is the one reader of patient attributes.
 */
export const readDataSet = async (path: string, name: string): Promise<Parsed | null> => {
  const file = await openToRead(path, `reading ${name}`, 'Give a readable DICOM file');
  try {
    const { size } = await file.stat();
    const start = await readStart(file, Math.min(size, firstBytes));
    const bare = hasHeader(start) ? null : bareSyntax(start);
    if (bare === undefined) return null;
    const first = parse(start, name, bare, size > start.length);
    if (first !== null) return { ...first, size };
    const most = start.includes(structureSetClass) ? mostStructureSetBytes : mostTagBytes;
    const whole = await readStart(file, Math.min(size, most));
    return { ...parse(whole, name, bare, false)!, size };
  } finally {
    await file.close();
  }
};

/** Whether the file begins as a DICOM file does; false where it cannot be read. */
export const startsLikeDicom = (path: string): boolean => {
  try {
    // Opening a pipe would wait for its writer.
    if (!statSync(path).isFile()) return false;
    const file = openSync(path, 'r');
    try {
      const start = Buffer.alloc(132);
      const bytes = start.subarray(0, readSync(file, start, 0, start.length, 0));
      return hasHeader(bytes) || bareSyntax(bytes) !== undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
};

const hasHeader = (start: Buffer): boolean => start.toString('latin1', 128, 132) === 'DICM';

/**
 * The transfer syntax of a data set without a file header, undefined where the bytes are not one. Its first element is
 * of group 0008, and has either a VR of two letters or a length below one kilobyte.
 */
const bareSyntax = (start: Buffer): string | undefined => {
  if (start.length < 16 || start.readUInt16LE(0) !== 0x0008 || start.readUInt16LE(2) > 0x0018) return undefined;
  if (/^(UL|CS|UI|SH|LO|DA|TM)$/.test(start.toString('latin1', 4, 6))) return '1.2.840.10008.1.2.1';
  return start.readUInt32LE(4) <= 1024 ? '1.2.840.10008.1.2' : undefined;
};

const readStart = async (file: FileHandle, length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, 0);
  return bytes.subarray(0, bytesRead);
};

interface Parsed {
  readonly dataSet: DataSet;
  readonly syntax: TransferSyntax;
  readonly inflated: Buffer | null;
  /** Size of the file. */
  readonly size: number;
}

/**
 * Parses the tags. Null where the bytes end before the pixels and the file has more; `bare` is the syntax of a file
 * without a header.
 */
const parse = (bytes: Buffer, name: string, bare: string | null, more: boolean): Omit<Parsed, 'size'> | null => {
  let inflated: Buffer | null = null;
  const inflater = (all: Uint8Array, position: number): Buffer => {
    // A truncated data set cannot be unpacked: the whole file is read first.
    if (more) throw new Error('more bytes are needed');
    inflated = inflateRawSync(all.subarray(position), { maxOutputLength: mostInflatedBytes });
    return inflated;
  };
  try {
    const dataSet = dicomParser.parseDicom(bytes, {
      untilTag: pixelData,
      inflater,
      ...(bare === null ? {} : { TransferSyntaxUID: bare }),
    });
    if (more && dataSet.elements[pixelData] === undefined) return null;
    if (bare !== null) return { dataSet, syntax: findTransferSyntax(bare), inflated };
    return { dataSet, syntax: inflated === null ? readSyntax(dataSet, bytes) : deflatedSyntax, inflated };
  } catch (cause) {
    if (more) return null;
    throw damaged(name, cause);
  }
};

const deflatedSyntax = findTransferSyntax('1.2.840.10008.1.2.1.99');

const readSyntax = ({ elements }: DataSet, bytes: Buffer): TransferSyntax => {
  const { dataOffset, length } = elements.x00020010!;
  const uid = bytes.toString('latin1', dataOffset, dataOffset + length).replace(/[\0 ]+$/, '');
  if (!/^[\d.]{1,64}$/.test(uid)) throw new Error('its transfer syntax (0002,0010) is not a UID');
  return findTransferSyntax(uid);
};

/** Converts what dicom-parser throws: a string, an Error, or either within `exception`. */
const damaged = (name: string, cause: unknown): NoduleTrainError => {
  const thrown = (cause as { exception?: unknown } | null)?.exception ?? cause;
  const reason = (thrown instanceof Error ? thrown.message : String(thrown)).replace(
    /^dicomParser[.:]\s*\w+[.:]\s*/,
    '',
  );
  return new NoduleTrainError(
    'dicom-file',
    `reading ${name}: its tags cannot be read (${reason}), expected a complete DICOM file. The file is ` +
      'damaged or truncated: copy it again.',
    { cause: thrown },
  );
};

const createDicomFile = (path: string, name: string, { dataSet, syntax, inflated, size }: Parsed): DicomFile => {
  const element = dataSet.elements[pixelData];
  const offset = element?.dataOffset ?? 0;
  return {
    path,
    syntax,
    tags: dicomTags(dataSet, name),
    pixels:
      element === undefined
        ? null
        : {
            offset,
            inflated,
            available: Math.max(0, (inflated?.length ?? size) - offset),
            length: element.length === undefinedLength ? -1 : element.length,
            words: element.vr === 'OW',
          },
  };
};
