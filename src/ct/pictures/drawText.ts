import { drawStrokes, type Point } from './drawStrokes.js';
import type { Colour, RgbImage } from './rgbImage.js';
import { strokeGlyphs } from './strokeGlyphs.js';

/** Height of capitals and space between letters, in units of the glyphs. */
const [CAPITAL, SPACE] = [12, 3];
/** Stands for characters that the font does not have. */
const UNKNOWN = [7, '00707c0c00'] as const;

export interface TextStyle {
  /** Height of capitals in pixels. */
  size: number;
  colour: Colour;
  /** Colour of an edge around the letters, so that they can be read on any background. */
  halo?: Colour;
  /** Place of `x` in the text; default `left`. */
  align?: 'left' | 'center' | 'right';
}

/** Computes the width of a line of text in pixels. */
export function textWidth(text: string, size: number): number {
  const units = Array.from(text, (character) => glyph(character).width + SPACE);
  return (Math.max(0, units.reduce((sum, width) => sum + width, 0) - SPACE) * size) / CAPITAL;
}

/** Draws a line of text; `x` is its left end (or as `align` says), `y` the top of its capitals, in pixels. */
export function drawText(
  image: RgbImage,
  text: string,
  x: number,
  y: number,
  { size, colour, halo, align = 'left' }: TextStyle,
): void {
  const scale = size / CAPITAL;
  let pen = x - textWidth(text, size) * { left: 0, center: 0.5, right: 1 }[align];
  const glyphs: Point[][][] = [];
  for (const character of text) {
    const { width, strokes } = glyph(character);
    glyphs.push(strokes.map((stroke) => stroke.map(([along, down]): Point => [pen + along * scale, y + down * scale])));
    pen += (width + SPACE) * scale;
  }
  const thick = Math.max(1, 0.14 * size);
  if (halo !== undefined) for (const strokes of glyphs) drawStrokes(image, strokes, halo, thick + 3, 0.75);
  for (const strokes of glyphs) drawStrokes(image, strokes, colour, thick);
}

interface Glyph {
  width: number;
  strokes: Point[][];
}

const parsed = new Map<string, Glyph>();

function glyph(character: string): Glyph {
  let found = parsed.get(character);
  if (found === undefined) {
    const [width, strokes] = Object.hasOwn(strokeGlyphs, character) ? strokeGlyphs[character]! : UNKNOWN;
    found = { width, strokes: strokes.split(' ').filter(Boolean).map(parseStroke) };
    parsed.set(character, found);
  }
  return found;
}

function parseStroke(text: string): Point[] {
  const digits = [...text.replace('~', '')].map((digit) => Number.parseInt(digit, 36));
  const points = Array.from({ length: digits.length / 2 }, (_, n): Point => [digits[2 * n]!, digits[2 * n + 1]!]);
  return text.startsWith('~') ? rounded(rounded(rounded(points))) : points;
}

/** Cuts the corners of a chain of points (Chaikin 1974); a closed one has no ends. */
function rounded(points: readonly Point[]): Point[] {
  const [first, last] = [points[0]!, points.at(-1)!];
  const closed = first[0] === last[0] && first[1] === last[1];
  const cut = points.slice(1).flatMap((to, n): Point[] => {
    const from = points[n]!;
    const at = (share: number): Point => [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
    return [at(0.25), at(0.75)];
  });
  return closed ? [...cut, cut[0]!] : [first, ...cut, last];
}
