import type { FileHandle } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet } from 'dicom-parser';
import { NoduleTrainError } from '../../runtime/index.js';
import { openToRead } from '../imageFile/openToRead.js';
import { dictionary } from './dictionary.js';
import { type DicomTags, dicomTags } from './tags.js';
import { type TransferSyntax, transferSyntaxOf } from './transferSyntax.js';

/** One file: its tags up to the pixels, and where those lie. Its pixels are not read. */
export interface DicomFile {
  readonly path: string;
  readonly tags: DicomTags;
  readonly syntax: TransferSyntax;
  /** Null: the file holds no image. */
  readonly pixels: PixelBytes | null;
}

/** Where the bytes of PixelData lie. */
export interface PixelBytes {
  /** From the start of the file, or of `inflated`. */
  readonly offset: number;
  /** Of the element; -1 where it is undefined, as of compressed frames. */
  readonly length: number;
  /** Their VR is OW: words, which a big-endian file swaps. Implicit files do not say it, and swap nothing. */
  readonly words: boolean;
  /** Bytes there from `offset` to the end of the file. */
  readonly available: number;
  /** The data set of a deflated file, which the pixels lie in. */
  readonly inflated: Buffer | null;
}

/** Tags of CT fit in far less; the rest of a file is only read where the pixels are not found within. */
const firstBytes = 1 << 15;

/** Tags beyond this are no image's: enhanced files of thousands of frames stay under it. Also what dicom-parser may be given. */
const mostTagBytes = 1 << 25;

/** Of one deflated file, unpacked. */
const mostInflatedBytes = 1 << 28;

const pixelData = `x${dictionary.PixelData[0]}`;
const undefinedLength = 0xffffffff;

/**
 * Reads the tags of a file up to its pixels; null where it is no DICOM file: it has no "DICM" after 128 bytes, nor is it a data set without a
 * file header, as old archives hold. `name` is what errors call it. Throws 'dicom-file' where it is one and cannot be read, 'scan-missing' where it
 * cannot be opened.
 */
export const readDicomFile = async (path: string, name = path): Promise<DicomFile | null> => {
  const file = await openToRead(path, `reading ${name}`, 'give a DICOM file that can be read');
  try {
    const { size } = await file.stat();
    const start = await bytesOf(file, Math.min(size, firstBytes));
    const bare = start.toString('latin1', 128, 132) === 'DICM' ? null : bareSyntax(start);
    if (bare === undefined) return null;
    const first = parsed(start, name, bare, size > start.length);
    if (first !== null) return described(path, name, first, size);
    const whole = await bytesOf(file, Math.min(size, mostTagBytes));
    return described(path, name, parsed(whole, name, bare, false)!, size);
  } finally {
    await file.close();
  }
};

/**
 * The syntax of a data set that begins without a file header, undefined where the bytes are none: its first element is of group 0008,
 * and has either a VR of two letters or a length that ends within the next kilobyte.
 */
const bareSyntax = (start: Buffer): string | undefined => {
  if (start.length < 16 || start.readUInt16LE(0) !== 0x0008 || start.readUInt16LE(2) > 0x0018) return undefined;
  if (/^(UL|CS|UI|SH|LO|DA|TM)$/.test(start.toString('latin1', 4, 6))) return '1.2.840.10008.1.2.1';
  return start.readUInt32LE(4) <= 1024 ? '1.2.840.10008.1.2' : undefined;
};

const bytesOf = async (file: FileHandle, length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, 0);
  return bytes.subarray(0, bytesRead);
};

interface Parsed {
  readonly dataSet: DataSet;
  readonly syntax: TransferSyntax;
  readonly inflated: Buffer | null;
}

/** Null where the bytes end before the pixels and there are more; `bare` is the syntax of a file without a header. */
const parsed = (bytes: Buffer, name: string, bare: string | null, more: boolean): Parsed | null => {
  let inflated: Buffer | null = null;
  const inflater = (all: Uint8Array, position: number): Buffer => {
    // A data set that is cut off cannot be unpacked: the whole file is read first.
    if (more) throw new Error('more bytes are wanted');
    inflated = inflateRawSync(all.subarray(position), { maxOutputLength: mostInflatedBytes });
    return inflated;
  };
  try {
    const dataSet = dicomParser.parseDicom(bytes, {
      ...{ untilTag: pixelData, inflater },
      ...(bare === null ? {} : { TransferSyntaxUID: bare }),
    });
    if (more && dataSet.elements[pixelData] === undefined) return null;
    if (bare !== null) return { dataSet, syntax: transferSyntaxOf(bare), inflated };
    return { dataSet, syntax: inflated === null ? syntaxOf(dataSet, bytes) : deflatedSyntax, inflated };
  } catch (cause) {
    if (more) return null;
    throw damaged(name, cause);
  }
};

const deflatedSyntax = transferSyntaxOf('1.2.840.10008.1.2.1.99');

const syntaxOf = ({ elements }: DataSet, bytes: Buffer): TransferSyntax => {
  const { dataOffset, length } = elements.x00020010!;
  const uid = bytes.toString('latin1', dataOffset, dataOffset + length).replace(/[\0 ]+$/, '');
  if (!/^[\d.]{1,64}$/.test(uid)) throw new Error('its transfer syntax (0002,0010) is no UID');
  return transferSyntaxOf(uid);
};

/** What dicom-parser throws is a string, an Error, or either within `exception`. */
const damaged = (name: string, cause: unknown): NoduleTrainError => {
  const thrown = (cause as { exception?: unknown } | null)?.exception ?? cause;
  const reason = (thrown instanceof Error ? thrown.message : String(thrown)).replace(
    /^dicomParser[.:]\s*\w+[.:]\s*/,
    '',
  );
  return new NoduleTrainError(
    'dicom-file',
    `reading ${name}: its tags cannot be read (${reason}); wanted is a whole DICOM file: it is damaged or cut off, copy it again`,
    { cause: thrown },
  );
};

const described = (path: string, name: string, { dataSet, syntax, inflated }: Parsed, size: number): DicomFile => {
  const element = dataSet.elements[pixelData];
  const offset = element?.dataOffset ?? 0;
  return {
    ...{ path, syntax, tags: dicomTags(dataSet, name) },
    pixels:
      element === undefined
        ? null
        : {
            ...{ offset, inflated, available: Math.max(0, (inflated?.length ?? size) - offset) },
            length: element.length === undefinedLength ? -1 : element.length,
            words: element.vr === 'OW',
          },
  };
};
