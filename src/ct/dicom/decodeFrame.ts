import { NoduleTrainError } from '../../runtime/error.js';
import type { PixelFormat } from './pixelFormat.js';
import type { PixelBytes } from './readDicomFile.js';
import type { TransferSyntax } from './transferSyntax.js';

/** One compressed frame of a file. */
export interface CompressedFrame {
  readonly path: string;
  /** What errors call the file. */
  readonly name: string;
  readonly syntax: TransferSyntax;
  readonly pixels: PixelBytes;
  readonly format: PixelFormat;
  /** Which of `frames`, from 0. */
  readonly frame: number;
  readonly frames: number;
}

/**
 * The pixels of a compressed frame as an uncompressed little-endian file would hold them, `format.frameBytes` long.
 * Throws 'dicom-syntax' with the name of a syntax that is not read.
 */
export const decodeFrame = async ({ name, syntax }: CompressedFrame): Promise<Uint8Array> => {
  throw new NoduleTrainError(
    'dicom-syntax',
    `reading ${name}: its pixels are compressed as ${syntax.name}; wanted is an uncompressed transfer syntax: decompress the series first`,
  );
};
