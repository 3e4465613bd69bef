import { readFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { paper, rgb } from './style.mjs';

const font = JSON.parse(readFileSync(new URL('dejavu-sans.json', import.meta.url), 'utf8'));

/** Scan lines per row of pixels, and chords per curve: finer than the eye. */
const SCAN_LINES = 5;
const CHORDS = 6;

/** Corners x, y of a TrueType contour `[x, y, on, …]`, its quadratic curves as chords. */
const cornersOf = (contour) => {
  const points = [];
  for (let at = 0; at < contour.length; at += 3) {
    const point = { x: contour[at], y: contour[at + 1], on: contour[at + 2] === 1 };
    const before = points.at(-1);
    // Between two control points TrueType implies a point of the outline halfway.
    if (before && !before.on && !point.on)
      points.push({ x: (before.x + point.x) / 2, y: (before.y + point.y) / 2, on: true });
    points.push(point);
  }
  const first = points.findIndex(({ on }) => on);
  const ring = [...points.slice(first), ...points.slice(0, first + 1)];
  const corners = [];
  for (let at = 1; at < ring.length; at++) {
    const [from, to] = [ring[at - 1], ring[at]];
    if (to.on) corners.push([to.x, to.y]);
    else {
      // A contour that ends in a control point closes the curve at its first point, which `ring` repeats.
      const end = ring[++at];
      for (let chord = 1; chord <= CHORDS; chord++) {
        const t = chord / CHORDS;
        const weigh = (axis) => (1 - t) ** 2 * from[axis] + 2 * t * (1 - t) * to[axis] + t ** 2 * end[axis];
        corners.push([weigh('x'), weigh('y')]);
      }
    }
  }
  return corners;
};

const outlines = new Map();
const glyph = (character) => {
  const found = font.glyphs[character];
  if (found === undefined) throw new Error(`drawing text: the font has no "${character}", expected printable ASCII`);
  if (!outlines.has(character)) outlines.set(character, found.contours.map(cornersOf));
  return { advance: found.advance, contours: outlines.get(character) };
};

/** A white RGB picture to draw on, in pixels; what is drawn later covers what was there. */
export class Raster {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height * 3);
    this.rect(0, 0, width, height, paper);
  }

  #mix(x, y, colour, share) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = 3 * (y * this.width + x);
    for (let k = 0; k < 3; k++) this.data[at + k] = Math.round(this.data[at + k] * (1 - share) + colour[k] * share);
  }

  /** A rectangle of whole pixels. */
  rect(left, top, width, height, colour, share = 1) {
    const value = rgb(colour);
    for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) this.#mix(x, y, value, share);
  }

  /** A frame `thick` pixels wide around a rectangle, outside of it. */
  frame(left, top, width, height, thick, colour) {
    this.rect(left - thick, top - thick, width + 2 * thick, thick, colour);
    this.rect(left - thick, top + height, width + 2 * thick, thick, colour);
    this.rect(left - thick, top, thick, height, colour);
    this.rect(left + width, top, thick, height, colour);
  }

  /** A decoded picture, grey or RGB, each of its pixels `times` wide and high. */
  picture({ data, width, height, channels }, left, top, times) {
    for (let y = 0; y < height * times; y++)
      for (let x = 0; x < width * times; x++) {
        const from = channels * (Math.floor(y / times) * width + Math.floor(x / times));
        const value = channels === 1 ? [data[from], data[from], data[from]] : data.subarray(from, from + 3);
        this.data.set(value, 3 * ((top + y) * this.width + left + x));
      }
  }

  /** Width of a line of text. */
  measure(content, size) {
    return [...content].reduce((sum, character) => sum + glyph(character).advance, 0) * (size / font.unitsPerEm);
  }

  /** A line of text from `left` on, its baseline at `baseline`. */
  text(left, baseline, content, size, colour) {
    const scale = size / font.unitsPerEm;
    let pen = left;
    for (const character of content) {
      const { advance, contours } = glyph(character);
      const place = ([x, y]) => [pen + x * scale, baseline - y * scale];
      this.#fill(
        contours.map((corners) => corners.map(place)),
        rgb(colour),
      );
      pen += advance * scale;
    }
  }

  /** Fills rings by the non-zero rule; the share of a pixel that is inside is exact along x, sampled along y. */
  #fill(rings, colour) {
    const edges = rings.flatMap((ring) => ring.map((from, at) => [from, ring[(at + 1) % ring.length]]));
    if (edges.length === 0) return;
    const ys = edges.map(([[, y]]) => y);
    const [top, bottom] = [Math.floor(Math.min(...ys)), Math.ceil(Math.max(...ys))];
    const cover = new Float64Array(this.width);
    for (let row = top; row < bottom; row++) {
      cover.fill(0);
      for (let n = 0; n < SCAN_LINES; n++)
        spansAt(edges, row + (n + 0.5) / SCAN_LINES).forEach((span) => {
          addSpan(cover, span);
        });
      for (let x = 0; x < this.width; x++) if (cover[x] > 0) this.#mix(x, row, colour, Math.min(1, cover[x]));
    }
  }

  /** @returns {Uint8Array} a PNG file */
  png() {
    const { width, height, data } = this;
    return encode({ width, height, data, channels: 3, depth: 8 }, { zlib: { level: 9 } });
  }
}

/** Stretches of the line y that are inside the edges. */
const spansAt = (edges, y) => {
  const crossings = [];
  for (const [[x1, y1], [x2, y2]] of edges) {
    if (y1 <= y === y2 <= y) continue;
    crossings.push({ x: x1 + ((y - y1) / (y2 - y1)) * (x2 - x1), turn: y1 < y2 ? 1 : -1 });
  }
  crossings.sort((a, b) => a.x - b.x);
  const spans = [];
  let winding = 0;
  for (const { x, turn } of crossings) {
    if (winding === 0) spans.push([x, x]);
    winding += turn;
    spans.at(-1)[1] = x;
  }
  return spans;
};

const addSpan = (cover, [from, to]) => {
  for (let x = Math.max(0, Math.floor(from)); x < Math.min(cover.length, Math.ceil(to)); x++)
    cover[x] += Math.max(0, Math.min(x + 1, to) - Math.max(x, from)) / SCAN_LINES;
};
