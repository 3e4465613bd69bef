import { connectedComponents, dice, nearestIndex, overlap, synthesize } from '../../dist/index.js';
import { blue, fontSize, green, grey, ink, line, orange, paper, purple, vermilion } from './style.mjs';
import { cells, element, outline, polyline, rect, segment, svgPicture, text } from './svg.mjs';

const phantom = { seed: 6, level: 'standard' };
/** Indices of a large and a small nodule. */
const LARGE = 2;
const SMALL = 1;
/** Pixels from a nodule's centre to the edge of its picture. */
const HALF = 17;
const SIZE = 2 * HALF + 1;
const CELL = 7;
const SHIFT = [3, 4];
const PEELS = 2;

/** What a pixel is, and how it is coloured. */
const outcomes = [
  { name: 'true positive', short: 'TP', colour: blue, is: (truth, predicted) => truth && predicted },
  { name: 'false positive', short: 'FP', colour: orange, is: (truth, predicted) => !truth && predicted },
  { name: 'false negative', short: 'FN', colour: purple, is: (truth, predicted) => truth && !predicted },
];

/** A set of pixels of a plane; false beyond its edge. */
const reader =
  ({ set, rows, columns }) =>
  (row, column) =>
    row >= 0 && column >= 0 && row < rows && column < columns && set[row * columns + column] === 1;

/** A plane like another one with the pixels that `is` holds of. */
const remade = (plane, is) => {
  const { rows, columns } = plane;
  const set = Uint8Array.from(plane.set, (_, at) => (is(Math.floor(at / columns), at % columns) ? 1 : 0));
  return { ...plane, set, rows, columns };
};

const shifted = (plane, rows, columns) => remade(plane, (r, c) => reader(plane)(r - rows, c - columns));

/** The set without the pixels that have a side on its edge. */
const peeled = (plane) => {
  const is = reader(plane);
  return remade(plane, (r, c) => is(r, c) && is(r - 1, c) && is(r + 1, c) && is(r, c - 1) && is(r, c + 1));
};

/** The exact mask of one nodule, in the slice of its centre. */
const planeOf = ({ volume, mask, nodules }, which) => {
  const [, rows, columns] = volume.shape;
  const [slice, row, column] = nearestIndex(volume, nodules[which].center);
  const all = mask.slice(slice * rows * columns, (slice + 1) * rows * columns);
  const { labels } = connectedComponents(all, [1, rows, columns], 26);
  const set = Uint8Array.from(labels, (label) => (label === labels[row * columns + column] ? 1 : 0));
  return { set, rows, columns, slice, row, column };
};

/** Dice of a mask with itself moved along the columns, a pixel at a time. */
const curveOf = (plane, longest) =>
  Array.from({ length: longest + 1 }, (_, shift) => dice(overlap(shifted(plane, 0, shift).set, plane.set)));

/** What Dice counts, and how it falls as a mask moves off its nodule. @returns {string} SVG */
export const dicePicture = () => {
  const scan = synthesize(phantom);
  const [large, small] = [planeOf(scan, LARGE), planeOf(scan, SMALL)];
  const side = SIZE * CELL;
  const parts = [];

  const top = 116;
  const panel = (left, heading, predicted) => {
    const inWindow = (is) => (r, c) => is(large.row - HALF + r, large.column - HALF + c);
    const [truth, guess] = [inWindow(reader(large)), inWindow(reader(predicted))];
    const both = overlap(predicted.set, large.set);
    const [tp, fp, fn] = [both.shared, both.predicted - both.shared, both.truth - both.shared];
    parts.push(text(left, top - 12, heading, { fontSize: fontSize.heading }));
    const shapes = outcomes.map(({ is, colour }) =>
      cells((r, c) => is(truth(r, c), guess(r, c)), SIZE, SIZE, CELL, { fill: colour }),
    );
    const solid = { stroke: ink, strokeWidth: 2 };
    const dashed = { stroke: ink, strokeWidth: 1.5, strokeDasharray: '2 4', strokeLinecap: 'square' };
    const edges = [outline(truth, SIZE, SIZE, CELL, solid), outline(guess, SIZE, SIZE, CELL, dashed)];
    const frame = rect(0, 0, side, side, { fill: paper, stroke: line });
    parts.push(element('g', { transform: `translate(${left} ${top})` }, [frame, ...shapes, ...edges].join('')));
    const key = left + side + 16;
    for (const [n, { name, short, colour }] of outcomes.entries()) {
      const y = top + 14 + 46 * n;
      parts.push(rect(key, y - 12, 14, 14, { fill: colour }));
      parts.push(text(key + 24, y, `${short} = ${[tp, fp, fn][n]}`, { fontSize: fontSize.heading }));
      parts.push(text(key + 24, y + 17, name, { fontSize: fontSize.small, fill: grey }));
    }
    for (const [n, [name, stroke]] of [
      ['exact mask', solid],
      ['prediction', dashed],
    ].entries()) {
      const y = top + 172 + 22 * n;
      parts.push(segment(key, y - 4, key + 17, y - 4, stroke));
      parts.push(text(key + 24, y, name, { fontSize: fontSize.small, fill: grey }));
    }
    parts.push(fraction(left, top + side + 34, [`2 × ${tp}`, `2 × ${tp} + ${fp} + ${fn}`], dice(both)));
    return `TP ${tp}, FP ${fp}, FN ${fn}, Dice ${dice(both).toFixed(2)}`;
  };
  parts.push(
    text(24, 64, 'Dice = 2 TP / (2 TP + FP + FN), counted in pixels; 1 is equality, 0 is nothing in common', {
      fill: grey,
    }),
  );
  const moved = panel(24, `Shifted by ${SHIFT[0]} rows and ${SHIFT[1]} columns`, shifted(large, ...SHIFT));
  let eroded = large;
  for (let n = 0; n < PEELS; n++) eroded = peeled(eroded);
  const shrunk = panel(412, `Eroded by ${PEELS} pixels`, eroded);
  parts.push(...plot(large, small));
  const source =
    `Phantom ${phantom.seed}: the nodule of ${areaOf(large)} pixels in slice ${large.slice}, ` +
    `the one of ${areaOf(small)} pixels in slice ${small.slice}. A pixel is ${scan.volume.spacing[0]} mm wide.`;
  parts.push(text(24, 708, source, { fontSize: fontSize.small, fill: grey }));
  const description =
    `A nodule’s mask against itself, shifted: ${moved}; eroded: ${shrunk}. ` +
    'Below, Dice over the shift: it falls faster for a small nodule.';
  return svgPicture({ title: 'What Dice measures', description, height: 726, parts });
};

/** Dice = (above) / (below) = value, with a fraction bar. */
const fraction = (left, y, [above, below], value) => {
  const wide = 8.2 * below.length + 8;
  const start = left + 52;
  return [
    text(left, y + 5, 'Dice ='),
    text(start + wide / 2, y - 6, above, { textAnchor: 'middle' }),
    segment(start, y, start + wide, y, { strokeWidth: 1.2 }),
    text(start + wide / 2, y + 17, below, { textAnchor: 'middle' }),
    text(start + wide + 10, y + 5, `= ${value.toFixed(2)}`, { fontSize: fontSize.heading }),
  ].join('');
};

const areaOf = ({ set }) => set.reduce((sum, is) => sum + is, 0);

/** Dice over the shift, for the large nodule and the small one. */
const plot = (large, small) => {
  const [left, top, wide, high, longest] = [60, 472, 700, 160, 14];
  const xOf = (shift) => left + (shift / longest) * wide;
  const yOf = (value) => top + (1 - value) * high;
  const middle = { textAnchor: 'middle', fontSize: fontSize.small, fill: grey };
  const parts = [text(24, top - 18, 'Dice as the shift grows', { fontSize: fontSize.heading })];
  for (const value of [0, 0.25, 0.5, 0.75, 1])
    parts.push(
      segment(left, yOf(value), left + wide, yOf(value), { stroke: line, strokeWidth: 0.75 }),
      text(left - 8, yOf(value) + 4, value.toFixed(2), { ...middle, textAnchor: 'end' }),
    );
  for (let shift = 0; shift <= longest; shift += 2) parts.push(text(xOf(shift), top + high + 18, `${shift}`, middle));
  parts.push(text(left + wide / 2, top + high + 38, 'shift along the columns, pixels', middle));
  for (const [plane, colour, at] of [
    [large, green, 6],
    [small, vermilion, 4],
  ]) {
    const curve = curveOf(plane, longest);
    parts.push(
      polyline(
        curve.map((value, shift) => [xOf(shift), yOf(value)]),
        { stroke: colour, strokeWidth: 2.5 },
      ),
    );
    for (const [shift, value] of curve.entries())
      parts.push(element('circle', { cx: xOf(shift), cy: yOf(value), r: 3.5, fill: colour }));
    parts.push(text(xOf(at) + 14, yOf(curve[at]) - 6, `nodule of ${areaOf(plane)} pixels`));
  }
  return parts;
};
