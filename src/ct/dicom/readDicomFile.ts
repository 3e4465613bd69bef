import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';
import { openToRead } from '../imageFile/openToRead.js';
import { isDicomStart, type ParsedDataSet, parseDataSet, pixelData, startBytes } from './parseDataSet.js';
import { type DicomTags, dicomTags } from './tags.js';
import type { TransferSyntax } from './transferSyntax.js';

/** One file: its tags up to the pixels, and the position of the pixels, which are not read. */
export interface DicomFile {
  readonly path: string;
  readonly tags: DicomTags;
  readonly syntax: TransferSyntax;
  /** What of the file contradicts itself and how it is read, each as "its …". */
  readonly repairs: readonly string[];
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

/** SOP class of RT Structure Set Storage. */
export const structureSetClass = '1.2.840.10008.5.1.4.1.1.481.3';

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
    const first = parse(start, name, size > start.length);
    if (first !== 'more') return first === null ? null : { ...first, size };
    const most = start.includes(structureSetClass) ? mostStructureSetBytes : mostTagBytes;
    const whole = await readStart(file, Math.min(size, most));
    const parsed = parse(whole, name, false);
    return parsed === null || parsed === 'more' ? null : { ...parsed, size };
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
      const start = Buffer.alloc(startBytes);
      return isDicomStart(start.subarray(0, readSync(file, start, 0, start.length, 0)));
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
};

const readStart = async (file: FileHandle, length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, 0);
  return bytes.subarray(0, bytesRead);
};

interface Parsed extends ParsedDataSet {
  /** Size of the file. */
  readonly size: number;
}

const parse = (bytes: Buffer, name: string, isPart: boolean): ReturnType<typeof parseDataSet> => {
  try {
    return parseDataSet(bytes, isPart);
  } catch (cause) {
    throw damaged(name, cause);
  }
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

const createDicomFile = (
  path: string,
  name: string,
  { dataSet, syntax, inflated, repairs, size }: Parsed,
): DicomFile => {
  const element = dataSet.elements[pixelData];
  const offset = element?.dataOffset ?? 0;
  return {
    path,
    syntax,
    repairs,
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
