// Draws docs/explanation/pictures/augmentation.png: the effect of each augmentation on four crops of a phantom. Run
// `npm run build` first.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { encode } from 'fast-png';
import { connectedComponents, nearestIndex } from '../../dist/ct/index.js';
import { createSampler } from '../../dist/data/index.js';
import { noduleSlices } from '../../dist/data/labelling/noduleSlices.js';
import { synthesize } from '../../dist/phantom/index.js';
import { scope } from '../../dist/torch/index.js';

const noAugmentation = { flip: false, flipSlices: false, offset: 0, scale: 0, rotate: false, noise: 0 };
const columns = [
  {},
  { flip: true },
  { offset: 0.25 },
  { scale: 0.2 },
  { rotate: true },
  { noise: 100 },
  { flip: true, offset: 0.03, scale: 0.2, rotate: true, noise: 25 },
];
const rows = 4;
const size = 64;
const zoom = 2;
const gap = 4;
const cell = size * zoom + gap;

const { volume, mask, nodules } = synthesize({ seed: 5, level: 'standard' });
const { components } = connectedComponents(mask, volume.shape, 26);
const labelled = nodules.map(({ center, diameterMm }) => {
  const at = nearestIndex(volume, center);
  const box = components.find(({ low, high }) => at.every((i, axis) => i >= low[axis] && i <= high[axis]));
  const slices = noduleSlices(mask, volume.shape, box).filter(({ slice }) => slice === at[0]);
  return { center: at, centerLps: center, diameterMm, box, voxels: 0, slices };
});
const scan = { volume, mask, nodules: labelled, background: [] };

const width = columns.length * cell + gap;
const height = rows * cell + gap;
const data = new Uint8Array(width * height * 3).fill(255);

const drawCrop = (image, label, left, top) => {
  const grey = (at) => Math.round((255 * Math.min(Math.max(image[at] + 1000, 0), 1300)) / 1300);
  const outline = (r, c) =>
    label[r * size + c] === 1 &&
    [
      [r - 1, c],
      [r + 1, c],
      [r, c - 1],
      [r, c + 1],
    ].some(([i, j]) => label[i * size + j] !== 1);
  for (let y = 0; y < size * zoom; y++)
    for (let x = 0; x < size * zoom; x++) {
      const [r, c] = [Math.floor(y / zoom), Math.floor(x / zoom)];
      const value = grey(r * size + c);
      const to = ((top + y) * width + left + x) * 3;
      data.set(outline(r, c) ? [value / 3, 230, value / 3] : [value, value, value], to);
    }
};

for (const [column, augment] of columns.entries()) {
  const options = { samples: rows, batch: rows, seed: 3, negatives: 0, augment: { ...noAugmentation, ...augment } };
  const sampler = await createSampler([scan], options);
  sampler.startEpoch(1);
  scope(() => {
    const { image, mask: label } = sampler.next();
    for (let row = 0; row < rows; row++) {
      const middle = image.select(0, row).select(0, 3).contiguous().data();
      drawCrop(middle, label.select(0, row).contiguous().data(), gap + column * cell, gap + row * cell);
    }
  });
  sampler.dispose();
}

const file = path.resolve(import.meta.dirname, '..', '..', 'docs', 'explanation', 'pictures', 'augmentation.png');
writeFileSync(file, encode({ width, height, data, channels: 3 }));
process.stderr.write(`${file}\n`);
