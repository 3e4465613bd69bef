// Draws docs/explanation/pictures/architecture.svg: the layers of src/ and how data flow through them.
//   node scripts/figures/architecture.mjs
import fs from 'node:fs';
import path from 'node:path';

/** Layers from the top down: name, job, and the data that leave it. */
const layers = [
  ['cli', 'one command per file: parse, call, print', 'tables, JSON events'],
  ['evaluate', 'segment scans, score, report', 'figures, report.html'],
  ['train', 'configuration, the step, the loop, checkpoints', 'checkpoints, metrics, events'],
  ['model', 'open a model file, run it over a whole scan', 'probabilities [slices, rows, columns]'],
  ['score', 'components, matching, Dice, intervals', 'nodules, Dice, false components'],
  ['data', 'datasets, splits, prepared store, sampling', 'crops [B,7,64,64], masks [B,1,64,64]'],
  ['phantom', 'synthetic scans with exact masks', 'scans, masks'],
  ['labels', 'annotations and outlines to masks, label audit', 'mask (uint8)'],
  ['ct', 'read, write and resample scans; geometry', 'Volume (int16 HU + geometry)'],
  ['torch', 'tensors, operators, nn, losses, optim, files', 'Tensor'],
  ['runtime', 'find and load libtorch; errors; file primitives', 'libtorch_cpu.so, the addon'],
];
const native = ['binding', 'C++: dispatcher bridge, nn, own operators, CUDA', 'operators of libtorch 2.11.0'];

const width = 960;
const top = 64;
const height = 46;
const gap = 8;
const left = 24;
const inner = 530;
const right = left + inner + 40;
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const y = (row) => top + row * (height + gap);
const text = (x, at, value, more = '') => `<text x="${x}" y="${at}" ${more}>${escaped(value)}</text>`;

const row = ([name, job, output], n, fill) => `
  <rect x="${left}" y="${y(n)}" width="${inner}" height="${height}" rx="6" fill="${fill}" stroke="#5b6b7b"/>
  ${text(left + 14, y(n) + 28, name, 'class="name"')}
  ${text(left + 110, y(n) + 28, job)}
  <path d="M${left + inner} ${y(n) + height / 2} H${right - 8}" stroke="#5b6b7b" marker-end="url(#arrow)"/>
  ${text(right, y(n) + 28, output, 'class="data"')}`;

const bottom = y(layers.length + 1);
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 24}" role="img"
  aria-label="The layers of nodule-train: each imports only those below it">
  <style>
    text { font: 15px system-ui, sans-serif; fill: #1b2733 }
    .name { font-weight: 700 }
    .data { font-family: ui-monospace, monospace; font-size: 13px }
    .head { font-size: 13px; fill: #5b6b7b }
  </style>
  <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
    <path d="M0 0 L8 4 L0 8 z" fill="#5b6b7b"/></marker></defs>
  <rect width="${width}" height="${bottom + 24}" fill="#ffffff"/>
  ${text(left, 40, 'src/: a layer imports only the layers below it, through their index.ts', 'class="head"')}
  ${text(right, 40, 'what it gives', 'class="head"')}
${layers.map((layer, n) => row(layer, n, '#eaf2fb')).join('\n')}
${row(native, layers.length, '#fdf1e3')}
</svg>
`;

const file = path.resolve(import.meta.dirname, '..', '..', 'docs', 'explanation', 'pictures', 'architecture.svg');
fs.writeFileSync(file, svg.replace(/\n\n+/g, '\n'));
