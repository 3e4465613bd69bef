import { decode } from 'fast-png';
import { greySlice, outlinePicture } from '../../dist/ct/index.js';
import { connectedComponents, lungMask, synthesize } from '../../dist/index.js';
import { Raster } from './raster.mjs';
import { fontSize, green, grey, ink, orange, paper, purple, rgb, sky, yellow } from './style.mjs';

/** Twice the 800 pixels that pages show, for dense screens. */
const DENSE = 2;
const ZOOM = 4;
const WINDOW = { high: 146, wide: 192 };
const MARGIN = 48;
const GAP = 16;

const phantom = { seed: 32, level: 'easy', size: [40, 256, 256], nodules: 8 };
/** Cuts four of the nodules near their middle. */
const slice = 10;
const instanceColours = [orange, sky, purple, green];

/** What each kind of segmentation answers, on one slice of a phantom. @returns {Uint8Array} a PNG file */
export const kindsPicture = () => {
  const { volume, mask } = synthesize(phantom);
  const [, rows, columns] = volume.shape;
  const set = mask.slice(slice * rows * columns, (slice + 1) * rows * columns);
  const { labels, components } = connectedComponents(set, [1, rows, columns], 26);
  const window = { ...WINDOW, ...windowAround(lungMask(volume), volume.shape) };

  const wide = WINDOW.wide * ZOOM;
  const high = WINDOW.high * ZOOM;
  const [headOf, labelHigh] = [80, 68];
  const raster = new Raster(2 * (MARGIN + wide) + GAP, headOf + 2 * (labelHigh + high) + 110);
  const write = (x, y, content, size, colour = ink) => raster.text(x, y, content, DENSE * size, colour);
  write(MARGIN, 60, 'Kinds of segmentation, on one slice of a phantom', fontSize.title);

  const shade = greySlice(volume, slice);
  /** One panel: the slice, sets of voxels tinted and outlined; returns the place of a voxel's corner. */
  const panel = (column, row, name, answer, marked) => {
    const left = MARGIN + column * (wide + GAP);
    const top = headOf + row * (labelHigh + high) + labelHigh;
    write(left, top - 18, name, fontSize.heading);
    const after = left + raster.measure(`${name}  `, DENSE * fontSize.heading);
    write(after, top - 18, answer, fontSize.body, grey);
    const outlines = marked.map(({ is, colour }) => ({
      set: Uint8Array.from(set, (_, at) => (is(at) ? 1 : 0)),
      colour: rgb(colour),
    }));
    // Drawn at half the zoom and doubled, so that edges are as thick as the letters' strokes.
    const png = outlinePicture({ grey: shade, rows, columns, outlines }, window, ZOOM / DENSE);
    raster.picture(decode(png), left, top, DENSE);
    const place = (r, c) => [left + (c - window.left) * ZOOM, top + (r - window.top) * ZOOM];
    for (const { is, colour } of marked)
      for (let at = 0; at < set.length; at++)
        if (is(at)) raster.rect(...place(Math.floor(at / columns), at % columns), ZOOM, ZOOM, colour, 0.6);
    return place;
  };
  const boxOf = (place, { low, high: far }) => {
    const [x, y] = place(low[1], low[2]);
    return [x, y, (far[2] - low[2] + 1) * ZOOM, (far[1] - low[1] + 1) * ZOOM];
  };
  const tag = (box, content) => {
    const size = DENSE * fontSize.body;
    const tagWide = Math.ceil(raster.measure(content, size)) + 12;
    const [left, top] = [box[0] + box[2] + 8, box[1] - 4];
    raster.rect(left, top, tagWide, 32, ink);
    raster.text(left + 6, top + 25, content, size, paper);
  };

  panel(0, 0, 'Input', 'grey values, nothing is marked', []);
  panel(1, 0, 'Semantic segmentation', 'a class for each pixel', [{ is: (at) => set[at] !== 0, colour: orange }]);
  const instances = components.map(({ label }, n) => ({
    is: (at) => labels[at] === label,
    colour: instanceColours[n],
  }));
  const byInstance = panel(0, 1, 'Instance segmentation', 'a number for each nodule', instances);
  for (const [n, component] of components.entries()) tag(boxOf(byInstance, component), `${n + 1}`);
  const byBox = panel(1, 1, 'Object detection', 'a box for each nodule', []);
  for (const component of components) raster.frame(...boxOf(byBox, component), 4, yellow);

  const legend = raster.height - 62;
  let x = MARGIN;
  const entry = (colours, content, framed = false) => {
    for (const colour of colours) {
      raster.rect(x, legend - 22, 26, 26, framed ? ink : colour);
      if (framed) raster.frame(x + 6, legend - 16, 14, 14, 4, colour);
      x += 32;
    }
    write(x + 4, legend, content, fontSize.body);
    x += 4 + Math.ceil(raster.measure(content, DENSE * fontSize.body)) + 48;
  };
  entry([orange], 'class "nodule"');
  entry(instanceColours.slice(0, components.length), `nodules 1 to ${components.length}`);
  entry([yellow], 'bounding box', true);
  const pixels = components.map(({ voxels }) => voxels).join(', ');
  write(
    MARGIN,
    raster.height - 20,
    `Slice ${slice} of phantom ${phantom.seed}; the nodules have ${pixels} pixels.`,
    fontSize.small,
    grey,
  );
  return raster.png();
};

/** A window of the fixed size, in the middle of the lung's box in a slice. */
const windowAround = (lung, [, rows, columns]) => {
  const plane = lung.slice(slice * rows * columns, (slice + 1) * rows * columns);
  const [ofRows, ofColumns] = [[], []];
  plane.forEach((is, at) => {
    if (is === 0) return;
    ofRows.push(Math.floor(at / columns));
    ofColumns.push(at % columns);
  });
  const middle = (places) =>
    places.reduce((low, next) => Math.min(low, next)) + places.reduce((high, next) => Math.max(high, next));
  return {
    top: Math.round((middle(ofRows) + 1 - WINDOW.high) / 2),
    left: Math.round((middle(ofColumns) + 1 - WINDOW.wide) / 2),
  };
};
