import type { PixelFormat } from '../pixelFormat.js';

/** The decoded values of one frame. */
export interface Samples {
  /** `[rows, columns]`, as in the stream. */
  readonly values: Uint8Array | Uint16Array | Int16Array;
  /** Bits of one value in the stream, at most 16. */
  readonly precision: number;
}

/**
 * Decodes one frame. A codec compares the size in the stream with `rows` and `columns` before it allocates anything,
 * and throws an Error that says what is wrong with the stream. A truncated stream is an error, not a frame that is
 * partly black.
 */
export type Codec = (stream: Buffer, format: PixelFormat) => Samples | Promise<Samples>;

/** Checks the size in a stream, which every codec does first. Throws an Error if it does not fit. */
export const checkStreamSize = (
  { rows, columns }: PixelFormat,
  stream: { rows: number; columns: number; components: number; precision: number },
): void => {
  if (stream.rows !== rows || stream.columns !== columns)
    throw new Error(`it is ${stream.rows} x ${stream.columns}, expected ${rows} x ${columns}`);
  if (stream.components !== 1) throw new Error(`it has ${stream.components} components, expected one`);
  if (stream.precision < 2 || stream.precision > 16)
    throw new Error(`it has ${stream.precision} bits per value, expected 2 to 16`);
};
