import { encode } from 'fast-png';
import {
  createImage,
  displayRange,
  drawStrokes,
  drawText,
  fillRectangle,
  type Point,
  pasteImage,
  type RgbImage,
  textWidth,
} from '../../../ct/index.js';
import type { Nodule } from '../../../model/index.js';
import { plural } from '../../report/formatNumbers.js';
import { NOTICE, type ScanResult } from '../scanResult.js';
import { middleSlice } from './middleSlice.js';
import { countText, huText, largestNodule, meanAxisMm, slicesText, volumeText } from './noduleText.js';
import { NODULE_COLOURS, noduleViews } from './noduleViews.js';
import { type Overview, scanOverview } from './scanOverview.js';

/** Number of nodules on the picture: those with the highest scores. */
export const MAX_PICTURED = 20;

const BACK = [16, 18, 22] as const;
const CARD = [27, 30, 36] as const;
const INK = [232, 236, 241] as const;
const SOFT = [154, 165, 177] as const;
const WARNING = [255, 198, 99] as const;
const MARK = [255, 198, 40] as const;
const DARK = [0, 0, 0] as const;

/** Sides in pixels. */
const [MARGIN, GAP, TILE, LABELS] = [20, 8, 240, 236];
const WIDTH = 2 * MARGIN + LABELS + 3 * (TILE + GAP);
const OVERVIEW_BOX = [264, 240] as const;
const EMPTY_SIDE = 640;

/**
 * Draws a page of all nodules: where they are in the scan, and a row for each with its measurements and its three
 * views (`noduleViews`). Only the `MAX_PICTURED` nodules with the highest scores have a row; a line counts the others.
 * Without nodules it shows the middle slice.
 * @returns a PNG file
 */
export function nodulesPicture(result: ScanResult): Uint8Array {
  const { scan, nodules } = result;
  const shown = Math.min(MAX_PICTURED, nodules.length);
  const overviews = scanOverview(scan, nodules.slice(0, shown), OVERVIEW_BOX);
  const overviewHigh = Math.max(...overviews.map(({ image }) => image.height));
  const overviewWide = overviews.reduce((sum, { image }) => sum + image.width + GAP, 0);
  const lines = headLines(result, WIDTH - 2 * MARGIN - overviewWide);
  const headHigh = Math.max(overviewHigh, Math.ceil(lines.at(-1)!.y) + 10);
  const empty = nodules.length === 0 ? emptyScan(result) : null;
  const bodyHigh = empty === null ? shown * (TILE + GAP) : empty.height + GAP;
  const hidden = nodules.length - shown;
  const footHigh = hidden > 0 ? 24 : 0;
  const image = createImage(WIDTH, 2 * MARGIN + headHigh + GAP + bodyHigh + footHigh, BACK);
  for (const { text, y, size, colour } of lines) drawText(image, text, MARGIN, MARGIN + y, { size, colour });
  let left = WIDTH - MARGIN - overviewWide + GAP;
  for (const overview of overviews) {
    pasteImage(image, drawnOverview(overview), left, MARGIN);
    left += overview.image.width + GAP;
  }
  let top = MARGIN + headHigh + 2 * GAP;
  if (empty !== null) pasteImage(image, empty, (WIDTH - empty.width) >> 1, top);
  const range = displayRange(scan);
  for (let n = 0; n < shown; n++, top += TILE + GAP) {
    fillRectangle(image, [MARGIN, top, LABELS, TILE], CARD);
    drawMeasurements(image, nodules[n]!, MARGIN + 14, top + 14);
    noduleViews(result, n, TILE, range).forEach((view, at) => {
      drawText(view.image, view.name, 6, 6, { size: 8, colour: INK, halo: DARK });
      pasteImage(image, view.image, MARGIN + LABELS + GAP + at * (TILE + GAP), top);
    });
  }
  if (hidden > 0)
    drawText(image, `Not shown: ${plural(hidden, 'nodule')} with lower scores.`, MARGIN, top + 8, {
      size: 10,
      colour: WARNING,
    });
  return encode({ width: image.width, height: image.height, data: image.rgb, channels: 3, depth: 8 });
}

interface Line {
  text: string;
  y: number;
  size: number;
  colour: typeof INK | typeof SOFT | typeof WARNING;
}

function headLines({ scan, nodules, provenance }: ScanResult, width: number): Line[] {
  const lines: Line[] = [];
  let y = 0;
  const add = (text: string, size: number, colour: Line['colour'], gap: number) => {
    for (const part of broken(text, size, width)) {
      lines.push({ text: part, y, size, colour });
      y += size + 7;
    }
    y += gap;
  };
  add(countText(nodules.length), 20, INK, 2);
  add(`in ${scan.uid}`, 8.5, SOFT, 6);
  const largest = largestNodule(nodules);
  if (largest !== null) {
    const mean = meanAxisMm(largest);
    add(`largest: nodule ${largest.number}, ${mean === null ? volumeText(largest) : `${mean} mm`}`, 10, INK, 6);
  }
  add(`nodule-train ${provenance.version}, ${provenance.models.map(({ name }) => name).join(' + ')}`, 9, SOFT, 6);
  add(provenance.notice ?? NOTICE, 9, WARNING, 6);
  if (nodules.length > 0) {
    add('Outline: the nodule. Lines: long and short axis.', 8, SOFT, 0);
    add('Slices are counted from 0.', 8, SOFT, 0);
  }
  return lines;
}

/** Breaks text into lines of a width in pixels: at a space where there is one, else anywhere. */
function broken(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let rest = [...text];
  while (rest.length > 0) {
    let fits = rest.length;
    while (fits > 1 && textWidth(rest.slice(0, fits).join(''), size) > width) fits--;
    const space = fits < rest.length ? rest.lastIndexOf(' ', fits) : -1;
    const end = space > fits / 2 ? space : fits;
    lines.push(rest.slice(0, end).join('').trim());
    rest = rest.slice(end);
  }
  return lines;
}

function drawnOverview({ image, marks, letters, name }: Overview): RgbImage {
  for (const { x, y, radius, label, number } of marks) {
    const circle = Array.from({ length: 33 }, (_, n): Point => {
      const angle = (n / 16) * Math.PI;
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    });
    drawStrokes(image, [circle], DARK, 3.4, 0.6);
    drawStrokes(image, [circle], MARK, 1.6);
    if (label !== null) drawText(image, String(number), label.x, label.y - 5, { size: 10, colour: MARK, halo: DARK });
  }
  const style = { size: 8, colour: INK, halo: DARK } as const;
  drawText(image, name, 6, 6, style);
  if (letters !== null) {
    drawText(image, letters.left, 6, image.height / 2, style);
    drawText(image, letters.right, image.width - 6, image.height / 2, { ...style, align: 'right' });
  }
  return image;
}

function drawMeasurements(image: RgbImage, nodule: Nodule, x: number, y: number): void {
  const { number, score, longAxisMm, shortAxisMm, diameter3dMm, texture, touchesPleura, axes } = nodule;
  drawText(image, String(number), x, y, { size: 22, colour: MARK });
  drawText(image, `score ${score.toFixed(2)}`, x + LABELS - 28, y + 6, { size: 10, colour: SOFT, align: 'right' });
  const mean = meanAxisMm(nodule);
  let top = y + 42;
  if (longAxisMm !== null && shortAxisMm !== null) {
    const parts = [
      [longAxisMm.toFixed(1), NODULE_COLOURS.long],
      [' × ', SOFT],
      [shortAxisMm.toFixed(1), NODULE_COLOURS.short],
      [' mm', INK],
    ] as const;
    let pen = x;
    for (const [text, colour] of parts) {
      drawText(image, text, pen, top, { size: 13, colour });
      pen += textWidth(text, 13) + 3;
    }
    top += 28;
  }
  const rows: [string, string][] = [
    ['mean', mean === null ? '–' : `${mean} mm`],
    ['volume', volumeText(nodule)],
    ['in 3D', diameter3dMm === null ? '–' : `${diameter3dMm.toFixed(1)} mm`],
    ['slice', `${axes.slice} of ${slicesText(nodule)}`],
    ['HU', huText(nodule).replace(' HU', '')],
    ['texture', texture ?? '–'],
    ['pleura', touchesPleura === null ? '–' : touchesPleura ? 'touches' : 'no contact'],
  ];
  for (const [name, value] of rows) {
    drawText(image, name, x, top, { size: 9, colour: SOFT });
    drawText(image, value, x + 72, top, { size: 9, colour: INK });
    top += 21;
  }
}

function emptyScan({ scan }: ScanResult): RgbImage {
  const { image, name } = middleSlice(scan, EMPTY_SIDE);
  drawText(image, name, 6, 6, { size: 9, colour: INK, halo: DARK });
  return image;
}
