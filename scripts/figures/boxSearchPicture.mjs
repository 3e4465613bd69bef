import { greySlice } from '../../dist/ct/index.js';
import { boundingBoxMask, connectedComponents, dice, nearestIndex, overlap, synthesize } from '../../dist/index.js';
import { boxRuleSchema } from '../../dist/labels/index.js';
import { fontSize, grey, ink, line, orange, paper, purple, sky, vermilion, yellow } from './style.mjs';
import { cells, element, outline, polyline, rect, segment, svgPicture, text } from './svg.mjs';

const phantom = { seed: 4, level: 'standard' };
/** A solid nodule on a vessel, where the search has something to get wrong. */
const NODULE = 0;
/** Voxels from the centre to the window's edge, and units of the picture a voxel. */
const HALF = 13;
const CELL = 13;
const SIDE = (2 * HALF + 1) * CELL;
/** Where the book's search begins. */
const FIRST_RADIUS = 2;
/** The defaults of the rule: at and below `AIR_HU` the book's search sees air, `reach` counts in annotated radii. */
const { thresholdHu: AIR_HU, reach } = boxRuleSchema.parse({});

/** Each radius that the search of both sides tries along an axis, with the HU at its two ends; the last one met air. */
const stepsAlong = (huAt) => {
  const steps = [];
  for (let radius = FIRST_RADIUS; ; radius++) {
    const ends = [huAt(-radius), huAt(radius)];
    steps.push({ radius, ends });
    if (ends.some((hu) => hu <= AIR_HU)) return steps;
  }
};

/** The search for a box around an annotated point, and the masks made in it. @returns {string} SVG */
export const boxSearchPicture = () => {
  const { volume, mask, nodules } = synthesize(phantom);
  const [, rows, columns] = volume.shape;
  const { center, diameterMm } = nodules[NODULE];
  const annotation = { uid: volume.uid, center, diameterMm, line: 0 };
  const [slice, row, column] = nearestIndex(volume, center);
  const at = (r, c) => (slice * rows + row - HALF + r) * columns + column - HALF + c;
  const huAt = (dr, dc) => volume.voxels[at(HALF + dr, HALF + dc)] * volume.scale + volume.offset;

  const book = boundingBoxMask(volume, [annotation], { preset: 'book' });
  const own = boundingBoxMask(volume, [annotation]);
  const { labels } = connectedComponents(mask, volume.shape, 26);
  const label = labels[(slice * rows + row) * columns + column];
  const truth = Uint8Array.from(labels, (found) => (found === label ? 1 : 0));

  const lines = [
    { name: 'left and right', colour: sky, step: (n) => [0, n], found: book.nodules[0].radii[2] },
    { name: 'up and down', colour: purple, step: (n) => [n, 0], found: book.nodules[0].radii[1] },
  ].map((each) => ({ ...each, steps: stepsAlong((n) => huAt(...each.step(n))) }));
  for (const { name, steps, found } of lines)
    if (steps.at(-1).radius !== found)
      throw new Error(
        `drawing the box search ${name}: it ends at ${steps.at(-1).radius}, boundingBoxMask's at ${found}`,
      );

  const shade = greySlice(volume, slice);
  const greyAt = (r, c) => shade[at(r, c) - slice * rows * columns];
  const parts = [element('defs', {}, element('g', { id: 'voxels' }, voxelsOf(greyAt)))];
  const panel = (x, y, heading, note, content) => {
    parts.push(text(x, y - 26, heading, { fontSize: fontSize.heading }));
    parts.push(text(x, y - 8, note, { fill: grey }));
    parts.push(element('g', { transform: `translate(${x} ${y})` }, content.join('')));
  };
  const voxels = element('use', { href: '#voxels' });
  const [left, right, top, bottom] = [24, 425, 108, 534];

  const probes = lines.flatMap(({ colour, steps, step }) =>
    steps.flatMap(({ radius, ends }) =>
      ends.map((hu, side) => probe(step(side === 0 ? -radius : radius), radius, colour, hu)),
    ),
  );
  panel(left, top, '1. Step outward from the annotated point', 'the same radius on both sides, one axis at a time', [
    voxels,
    element('circle', { cx: SIDE / 2, cy: SIDE / 2, r: 3.5, fill: vermilion }),
    ...probes,
  ]);
  panel(right, top, '2. Stop at air', 'an axis ends at the first radius with air at either end', [
    element('g', { transform: 'translate(0 8)' }, plotOf(lines, huAt).join('')),
  ]);

  const boxOf = (low, high) =>
    rect(
      (low[2] - column + HALF) * CELL,
      (low[1] - row + HALF) * CELL,
      (high[2] - low[2] + 1) * CELL,
      (high[1] - low[1] + 1) * CELL,
      { fill: 'none', stroke: yellow, strokeWidth: 3 },
    );
  const size = 2 * HALF + 1;
  const labelled = (set, { boxLow, boxHigh }) => [
    voxels,
    cells((r, c) => set[at(r, c)] === 1, size, size, CELL, { fill: orange, fillOpacity: 0.6 }),
    boxOf(boxLow, boxHigh),
    outline((r, c) => truth[at(r, c)] === 1, size, size, CELL, { stroke: ink, strokeWidth: 2 }),
  ];
  const score = (set) => dice(overlap(set, truth)).toFixed(2);
  const [ofBook] = book.nodules;
  const bookNote = `the book’s rule: Dice with the exact mask ${score(book.mask)}`;
  panel(left, bottom, '3. Label the dense voxels in the box', bookNote, labelled(book.mask, ofBook));
  const ownNote = `each side by itself, within ${reach} radii: Dice ${score(own.mask)}`;
  panel(right, bottom, 'For comparison: the default rule', ownNote, labelled(own.mask, own.nodules[0]));

  const y = bottom + SIDE + 32;
  const ring = (x, fill) => element('circle', { cx: x + 8, cy: y - 4, r: 6, fill, stroke: grey, strokeWidth: 1.5 });
  const square = (x, attributes) => rect(x + 1, y - 11, 14, 14, { fill: 'none', ...attributes });
  const keys = [
    [24, 'annotated point', (x) => element('circle', { cx: x + 8, cy: y - 4, r: 4, fill: vermilion })],
    [170, 'radius tried: dense', (x) => ring(x, line)],
    [332, 'air', (x) => ring(x, paper)],
    [400, 'box', (x) => square(x, { stroke: ink, strokeWidth: 5 }) + square(x, { stroke: yellow, strokeWidth: 3 })],
    [468, 'label', (x) => square(x, { fill: orange })],
    [548, 'exact nodule', (x) => square(x, { stroke: ink, strokeWidth: 2 })],
  ];
  for (const [x, meaning, draw] of keys) parts.push(draw(x), text(x + 24, y, meaning));
  const small = { fontSize: fontSize.small, fill: grey };
  const [acrossSlices] = ofBook.radii;
  const notes = [
    `The third axis, across slices, is searched the same way: radius ${acrossSlices}. ` +
      'Pictures show one slice; Dice counts the voxels of all.',
    `Slice ${slice} of phantom ${phantom.seed}: a solid nodule of ${diameterMm.toFixed(1)} mm beside a vessel, ` +
      'with the annotated point at its centre.',
  ];
  for (const [n, note] of notes.entries()) parts.push(text(24, y + 28 + 17 * n, note, small));
  const description =
    `${lines.map(({ name, found }) => `The search ${name} ends at radius ${found}.`).join(' ')} ` +
    `In that box the book’s rule labels nodule and vessel, Dice ${score(book.mask)}; ` +
    `the default rule stays near the nodule, Dice ${score(own.mask)}.`;
  const title = 'From an annotated point to a box and a mask';
  return svgPicture({ title, description, height: y + 62, parts });
};

/** The window's voxels, a path for each grey value. */
const voxelsOf = (greyAt) => {
  const size = 2 * HALF + 1;
  const values = new Set(Array.from({ length: size * size }, (_, n) => greyAt(Math.floor(n / size), n % size)));
  return [...values]
    .sort((a, b) => a - b)
    .map((value) =>
      cells((r, c) => greyAt(r, c) === value, size, size, CELL, { fill: `rgb(${value},${value},${value})` }),
    )
    .join('');
};

/** A voxel that was looked at: filled where it is dense, white where it is air. */
const probe = ([dr, dc], radius, colour, hu) => {
  const [x, y] = [(HALF + dc + 0.5) * CELL, (HALF + dr + 0.5) * CELL];
  return (
    element('circle', { cx: x, cy: y, r: 6, fill: hu > AIR_HU ? colour : paper, stroke: colour, strokeWidth: 1.5 }) +
    text(x, y + 3.6, `${radius}`, { textAnchor: 'middle', fontSize: 10 })
  );
};

/** HU along the lines through the centre, with the voxels that were looked at. */
const plotOf = (lines, huAt) => {
  const [low, high] = [-1000, 400];
  const [plotLeft, plotHigh] = [46, SIDE - 46];
  const xOf = (n) => plotLeft + ((n + HALF) / (2 * HALF)) * (SIDE - plotLeft - 6);
  const yOf = (hu) => ((high - hu) / (high - low)) * plotHigh;
  const middle = { textAnchor: 'middle', fontSize: fontSize.small, fill: grey };
  const minus = (number) => number.replace('-', '−');
  const parts = [];
  for (let hu = low; hu <= high; hu += 200)
    parts.push(
      segment(plotLeft, yOf(hu), SIDE, yOf(hu), { stroke: line, strokeWidth: 0.75 }),
      text(plotLeft - 6, yOf(hu) + 4, minus(`${hu}`), { ...middle, textAnchor: 'end' }),
    );
  for (let n = -12; n <= 12; n += 4) parts.push(text(xOf(n), plotHigh + 16, minus(`${n}`), middle));
  parts.push(
    text((plotLeft + SIDE) / 2, plotHigh + 36, 'voxels from the point (left and up: negative)', middle),
    rect(plotLeft, yOf(AIR_HU), SIDE - plotLeft, plotHigh - yOf(AIR_HU), { fill: line, fillOpacity: 0.35 }),
    segment(plotLeft, yOf(AIR_HU), SIDE, yOf(AIR_HU), { strokeWidth: 1.5, strokeDasharray: '5 4' }),
    text(xOf(-0.3), yOf(AIR_HU) + 16, minus(`air ≤ ${AIR_HU} HU`), { ...middle, fill: ink }),
  );
  for (const [n, { name, colour, step, steps, found }] of lines.entries()) {
    const points = Array.from({ length: 2 * HALF + 1 }, (_, k) => [xOf(k - HALF), yOf(huAt(...step(k - HALF)))]);
    parts.push(polyline(points, { stroke: colour, strokeWidth: 2.5 }));
    for (const { radius, ends } of steps)
      for (const [side, hu] of ends.entries())
        parts.push(
          element('circle', {
            cx: xOf(side === 0 ? -radius : radius),
            cy: yOf(hu),
            r: 3.5,
            fill: hu > AIR_HU ? colour : paper,
            stroke: colour,
            strokeWidth: 1.5,
          }),
        );
    const y = 18 + 18 * n;
    parts.push(segment(plotLeft + 8, y - 4, plotLeft + 26, y - 4, { stroke: colour, strokeWidth: 3 }));
    parts.push(text(plotLeft + 32, y, `${name}: radius ${found}`, { fontSize: fontSize.small }));
  }
  return parts;
};
