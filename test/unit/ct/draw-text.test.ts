import { describe, expect, it } from 'vitest';
import { drawStrokes } from '../../../dist/ct/pictures/drawStrokes.js';
import { drawText, textWidth } from '../../../dist/ct/pictures/drawText.js';
import { createImage, type RgbImage } from '../../../dist/ct/pictures/rgbImage.js';
import { strokeGlyphs } from '../../../dist/ct/pictures/strokeGlyphs.js';

const white = [255, 255, 255] as const;
const blank = (width = 60, height = 40) => createImage(width, height, [0, 0, 0]);
const drawn = (text: string, x = 10, y = 10, size = 12): RgbImage => {
  const image = blank();
  drawText(image, text, x, y, { size, colour: white });
  return image;
};
/** Columns that have any light. */
const columnsOf = ({ width, rgb }: RgbImage) => {
  const lit = [...new Set(Array.from(rgb, (value, at) => (value > 60 ? Math.floor(at / 3) % width : -1)))];
  return lit.filter((column) => column >= 0).sort((a, b) => a - b);
};

describe('drawText', () => {
  it('has every printable ASCII character, each with its own form within its cell', () => {
    const printable = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n));
    for (const character of [...printable, ...'°±²³×–−'])
      expect(Object.hasOwn(strokeGlyphs, character), character).toBe(true);
    const forms = new Map(printable.map((character) => [drawn(character).rgb.join(), character]));
    expect(forms.size).toBe(printable.length);
    for (const [width, strokes] of Object.values(strokeGlyphs))
      for (const stroke of strokes.split(' ').filter(Boolean)) {
        const digits = [...stroke.replace('~', '')].map((digit) => Number.parseInt(digit, 36));
        expect(digits.length % 2).toBe(0);
        digits.forEach((digit, n) => {
          expect(digit).toBeLessThanOrEqual(n % 2 === 0 ? width : 16);
        });
      }
  });

  it('fills the width that textWidth gives, from the left, around the middle or to the right', () => {
    const wide = textWidth('H0H', 12);
    expect(wide).toBe(8 + 3 + 7 + 3 + 8);
    const [first, last] = [columnsOf(drawn('H0H'))[0]!, columnsOf(drawn('H0H')).at(-1)!];
    expect(Math.abs(first - 10)).toBeLessThanOrEqual(1);
    expect(Math.abs(last - (10 + wide))).toBeLessThanOrEqual(1);
    const image = blank();
    drawText(image, 'H0H', 40, 10, { size: 12, colour: white, align: 'right' });
    expect(Math.abs(columnsOf(image).at(-1)! - 40)).toBeLessThanOrEqual(1);
  });

  it('draws a box for a character that it does not have, and nothing for no text', () => {
    expect(drawn('語').rgb).toEqual(drawn('é').rgb);
    expect(columnsOf(drawn('語')).length).toBeGreaterThan(0);
    expect(textWidth('', 12)).toBe(0);
    expect(columnsOf(drawn(''))).toEqual([]);
  });

  it('clips at the edges of the picture', () => {
    expect(() => drawn('Wide text', 50, 35)).not.toThrow();
    expect(columnsOf(drawn('8', -100, 10))).toEqual([]);
  });
});

describe('drawStrokes', () => {
  it('draws a dot for a line without length, as for the axes of one voxel', () => {
    const image = blank(5, 5);
    drawStrokes(
      image,
      [
        [
          [2.5, 2.5],
          [2.5, 2.5],
        ],
      ],
      white,
      1,
    );
    expect(image.rgb[3 * (2 * 5 + 2)]).toBe(255);
    expect(image.rgb[0]).toBe(0);
  });
});
