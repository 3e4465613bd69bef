import { NoduleTrainError } from '../../../runtime/index.js';
import { openToRead } from '../../imageFile/openToRead.js';
import { tagName } from '../dictionary.js';
import { readDicomFile } from '../readDicomFile.js';
import type { Slice } from '../slice.js';
import { decodeFrame } from './decodeFrame.js';

/**
 * Fills `into` (`format.frameBytes` long) with a slice's pixels as they are stored, little-endian. Throws 'dicom-pixels' where the file
 * does not hold them, 'dicom-syntax' where they are compressed in a way that is not read.
 */
export const readFrame = async (slice: Slice, into: Uint8Array): Promise<void> => {
  const { syntax, format } = slice;
  if (syntax.compressed) {
    const bytes = await decodeFrame(slice);
    if (bytes.length !== format.frameBytes) throw wrongSize(slice, `${bytes.length} bytes come out of it`);
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

/** No scanner's compressed slice has more pixels; what one really has shows only when it is decoded. */
const mostCompressed = 1 << 26;

/** Refuses a slice whose file is too short for it, at no cost: so nothing is allocated for what is not there. */
export const checkFrame = (slice: Slice): void => {
  const { syntax, pixels, format, frames } = slice;
  if (syntax.compressed) {
    if (format.rows * format.columns <= mostCompressed) return;
    throw wrongSize(
      slice,
      `${pixels.available} compressed bytes are there, and at most ${mostCompressed} pixels of one frame are decoded`,
    );
  }
  const wanted = frames * format.frameBytes;
  if (pixels.length < wanted)
    throw wrongSize(slice, `it has ${pixels.length < 0 ? 'no length' : `${pixels.length} bytes`}`);
  if (pixels.available < wanted)
    throw wrongSize(slice, `the file is cut off, ${pixels.available} bytes of it are there`);
};

const wrongSize = ({ name, frames, format }: Slice, found: string): NoduleTrainError => {
  const { rows, columns, bitsAllocated } = format;
  return new NoduleTrainError(
    'dicom-pixels',
    `reading ${name}: tag ${tagName('PixelData')}: ${found}; wanted are ${frames * format.frameBytes} (${frames} of ${columns} x ${rows} of ${bitsAllocated} bit): copy the file again`,
  );
};

const readBytes = async (slice: Slice, start: number, into: Uint8Array): Promise<void> => {
  const file = await openToRead(slice.path, `reading ${slice.name}`, 'give a DICOM file that can be read');
  try {
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await file.read(into, done, into.length - done, start + done);
      if (bytesRead === 0) throw wrongSize(slice, 'the file became shorter while it was read');
      done += bytesRead;
    }
  } finally {
    await file.close();
  }
};

/** Pixels of 8 bit in words (VR OW) are swapped in pairs too (PS3.5 annex A.3). */
const swapToLittle = ({ format, pixels }: Slice, bytes: Uint8Array): void => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (format.bitsAllocated === 32) buffer.swap32();
  else if (format.bitsAllocated === 16) buffer.swap16();
  else if (pixels.words && buffer.length % 2 === 0) buffer.swap16();
};
