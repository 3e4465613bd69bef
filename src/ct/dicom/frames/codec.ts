import type { PixelFormat } from '../pixelFormat.js';

/** What a codec makes of one frame. */
export interface Samples {
  /** Rows × columns, as the stream has them. */
  readonly values: Uint8Array | Uint16Array | Int16Array;
  /** Bits of one value in the stream, at most 16. */
  readonly precision: number;
}

/**
 * Decodes one frame. It compares the stream's own size with `rows` and `columns` before anything is allocated by it, and
 * throws Error with what is wrong with the stream: one that is cut off is an error, not a frame with a black rest.
 */
export type Codec = (stream: Buffer, format: PixelFormat) => Samples | Promise<Samples>;

/** The check that each makes first. */
export const checkStreamSize = (
  { rows, columns }: PixelFormat,
  stream: { rows: number; columns: number; components: number; precision: number },
): void => {
  if (stream.rows !== rows || stream.columns !== columns)
    throw new Error(`it is ${stream.rows} x ${stream.columns} and the header says ${rows} x ${columns}`);
  if (stream.components !== 1) throw new Error(`it has ${stream.components} components, wanted is one`);
  if (stream.precision < 2 || stream.precision > 16)
    throw new Error(`it has ${stream.precision} bits a value, wanted are 2 to 16`);
};
