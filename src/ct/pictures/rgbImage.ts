/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A picture of `width * height` pixels of three bytes, row by row. */
export interface RgbImage {
  width: number;
  height: number;
  rgb: Uint8Array;
}

/** Creates a picture of one colour. */
export function createImage(width: number, height: number, colour: Colour): RgbImage {
  const image = { width, height, rgb: new Uint8Array(3 * width * height) };
  fillRectangle(image, [0, 0, width, height], colour);
  return image;
}

/** Fills `[left, top, width, height]`, clipped to the picture. */
export function fillRectangle(
  image: RgbImage,
  [left, top, width, height]: readonly [number, number, number, number],
  colour: Colour,
): void {
  const first = Math.max(0, left);
  const pixels = Math.min(image.width, left + width) - first;
  if (pixels <= 0) return;
  const line = Uint8Array.from({ length: 3 * pixels }, (_, at) => colour[at % 3]!);
  for (let y = Math.max(0, top); y < Math.min(image.height, top + height); y++)
    image.rgb.set(line, 3 * (y * image.width + first));
}

/** Copies a picture onto another that it must fit into. */
export function pasteImage(onto: RgbImage, { width, height, rgb }: RgbImage, left: number, top: number): void {
  for (let y = 0; y < height; y++)
    onto.rgb.set(rgb.subarray(3 * y * width, 3 * (y + 1) * width), 3 * ((top + y) * onto.width + left));
}

/** Mixes a colour into a pixel by its share, 0…1; nothing outside the picture. */
export function blendPixel(
  { width, height, rgb }: RgbImage,
  x: number,
  y: number,
  colour: Colour,
  share: number,
): void {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  const at = 3 * (y * width + x);
  for (let channel = 0; channel < 3; channel++)
    rgb[at + channel] = Math.round(rgb[at + channel]! * (1 - share) + colour[channel]! * share);
}
