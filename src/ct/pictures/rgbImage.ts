/** A picture of `width * height` pixels of three bytes, row by row. */
export interface RgbImage {
  width: number;
  height: number;
  rgb: Uint8Array;
}
