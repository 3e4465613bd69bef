import { NoduleTrainError } from '../../../runtime/index.js';
import { openToRead } from '../../imageFile/openToRead.js';
import { readFully } from '../../imageFile/readFully.js';
import { tagName } from '../dictionary.js';
import { readDicomFile } from '../readDicomFile.js';
import type { Slice } from '../slice.js';
import { decodeFrame, mostFramePixels } from './decodeFrame.js';

/**
 * Reads the pixels of a slice into `into` (`format.frameBytes` long), as stored but little-endian.
 * @throws NoduleTrainError `dicom-pixels` if the file does not hold them; `dicom-syntax` for a compression that is
 * not read; `dicom-codec` if they do not decode
 */
export const readFrame = async (slice: Slice, into: Uint8Array): Promise<void> => {
  const { syntax, format } = slice;
  if (syntax.compressed) {
    const bytes = await decodeFrame(slice);
    if (bytes.length !== format.frameBytes) throw wrongSize(slice, `it decodes to ${bytes.length} bytes`);
    into.set(bytes);
    return;
  }
  checkFrame(slice);
  const start = slice.pixels.offset + slice.frame * format.frameBytes;
  if (syntax.deflated) {
    const inflated = (await readDicomFile(slice.path, slice.name))?.pixels?.inflated;
    if (!inflated || inflated.length < start + format.frameBytes) throw wrongSize(slice, 'the file has changed');
    into.set(inflated.subarray(start, start + format.frameBytes));
    return;
  }
  await readBytes(slice, start, into);
  if (syntax.bigEndian) swapToLittle(slice, into);
};

/**
 * Checks that the file is long enough for a slice, without reading it, so nothing is allocated for missing pixels. The
 * real size of a compressed slice is known only when it is decoded.
 * @throws NoduleTrainError `dicom-pixels`
 */
export const checkFrame = (slice: Slice): void => {
  const { syntax, pixels, format, frames } = slice;
  if (syntax.compressed) {
    if (format.rows * format.columns <= mostFramePixels) return;
    throw new NoduleTrainError(
      'dicom-pixels',
      `reading ${slice.name}: tag ${tagName('PixelData')}: found compressed frames of ${format.columns} x ` +
        `${format.rows} pixels, expected at most ${mostFramePixels} pixels each. Copy the file again, or decompress ` +
        'it first (gdcmconv --raw IN OUT).',
    );
  }
  const expected = frames * format.frameBytes;
  if (pixels.length < expected)
    throw wrongSize(slice, `it has ${pixels.length < 0 ? 'no length' : `${pixels.length} bytes`}`);
  if (pixels.available < expected)
    throw wrongSize(slice, `the file is truncated to ${pixels.available} bytes of pixels`);
};

const wrongSize = ({ name, frames, format }: Slice, found: string): NoduleTrainError => {
  const { rows, columns, bitsAllocated } = format;
  return new NoduleTrainError(
    'dicom-pixels',
    `reading ${name}: tag ${tagName('PixelData')}: ${found}, expected ${frames * format.frameBytes} bytes ` +
      `(${frames} ${frames === 1 ? 'frame' : 'frames'} of ${columns} x ${rows} pixels, ${bitsAllocated} bits each). ` +
      'Copy the file again.',
  );
};

const readBytes = async (slice: Slice, start: number, into: Uint8Array): Promise<void> => {
  const file = await openToRead(slice.path, `reading ${slice.name}`, 'Give a readable DICOM file');
  try {
    if (!(await readFully(file, into, start)))
      throw wrongSize(slice, 'the file became shorter while it was being read');
  } finally {
    await file.close();
  }
};

/** Swaps big-endian pixels in place. 8-bit pixels in words (VR OW) are swapped in pairs too (PS3.5 annex A.3). */
const swapToLittle = ({ format, pixels }: Slice, bytes: Uint8Array): void => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (format.bitsAllocated === 32) buffer.swap32();
  else if (format.bitsAllocated === 16) buffer.swap16();
  else if (pixels.words && buffer.length % 2 === 0) buffer.swap16();
};
