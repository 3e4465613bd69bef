// What rules and models that never trained on phantoms find in them: the tables of docs/phantoms.md.
//   node scripts/figures/phantoms.mjs                   a threshold with size and lung mask, at one false component per
//                                                       scan
//   node scripts/figures/phantoms.mjs --model FILE.pt   the book's 2020 model on the grid of a thin-sliced LUNA16 scan
//   --levels easy,standard,hard   --scans N (default 40; 5 with a model)   --seed N
//   --nodules N   --size S,R,C   --spacing X,Y,Z
import { parseArgs } from 'node:util';
import { baselineHits } from '../../dist/evaluate/baselineHits.js';
import { openModel } from '../../dist/model/openModel.js';
import { baselineAt, bootstrapInterval } from '../../dist/score/index.js';
import { say } from '../setup/steps.mjs';
import { bookOnPhantom, CLINICAL_GRID, thresholdOnPhantoms } from './phantomMeasures.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    levels: { type: 'string', default: 'easy,standard,hard' },
    scans: { type: 'string' },
    seed: { type: 'string', default: '5000' },
    nodules: { type: 'string' },
    size: { type: 'string' },
    spacing: { type: 'string' },
  },
});
const numbers = (text) => text.split(',').map(Number);
const grid = {
  ...(values.model ? CLINICAL_GRID : {}),
  ...(values.nodules && { nodules: Number(values.nodules) }),
  ...(values.size && { size: numbers(values.size) }),
  ...(values.spacing && { spacing: numbers(values.spacing) }),
};
const scans = Number(values.scans ?? (values.model ? 5 : 40));
const seed = Number(values.seed);
const levels = values.levels.split(',');

const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const rule = (count) => row(...Array(count).fill('---'));
const two = (value) => value.toFixed(2);
const mean = (list) => (list.length === 0 ? Number.NaN : list.reduce((sum, value) => sum + value, 0) / list.length);
const share = (list) => `${list.filter(({ found }) => found).length} of ${list.length}`;
const range = (list) => `${Math.min(...list)} – ${Math.max(...list)}`;

/** Bootstrap interval of the sensitivity: resamples whole scans and keeps the chosen cut and sizes. */
function interval(seen, point) {
  const { low, high } = bootstrapInterval(
    seen.map((scan) => baselineHits(scan, point)),
    (drawn) => mean(drawn.flatMap(({ nodules }) => nodules.map(({ found }) => Number(found)))),
  );
  return `${two(low)} – ${two(high)}`;
}

function threshold() {
  row('level', 'scans', 'nodules', 'found', 'sensitivity', '95 %', 'false per scan', 'cut, HU', 'sizes, mm');
  rule(9);
  for (const level of levels) {
    const seen = thresholdOnPhantoms({ level, scans, seed, ...grid }, (done) =>
      say(`${level}: ${done} of ${scans} scans`),
    );
    const point = baselineAt(seen, 1);
    const { found, nodules, sensitivity, falsePerScan, cutHu, diameterMm } = point;
    row(
      level,
      scans,
      nodules,
      found,
      two(sensitivity),
      interval(seen, point),
      two(falsePerScan),
      cutHu,
      diameterMm.join(' – '),
    );
  }
}

const attachments = ['isolated', 'juxtavascular', 'juxtapleural'];
const describe = ({ kind, attachment, diameterMm, found, diceNear }) =>
  `${kind} ${attachment} ${diameterMm.toFixed(1)} mm ${found ? 'found' : 'not found'} Dice ${two(diceNear)}`;

async function book(file) {
  const { model } = openModel(file, 'cpu', { pooling: 'avg', input: 'hu-clip' });
  row(
    'level',
    'scans',
    'candidates per scan',
    'solid ≥ 6 mm found',
    'isolated',
    'on a vessel',
    'on the pleura',
    'Dice near the nodule',
    'Dice of all touching components',
  );
  rule(9);
  for (const level of levels) {
    const results = [];
    for (let n = 0; n < scans; n++) {
      results.push(await bookOnPhantom(model, { level, seed: seed + n, ...grid }));
      const { candidates, nodules } = results.at(-1);
      say(`${level}: ${n + 1} of ${scans} scans, ${candidates} candidates, ${nodules.map(describe).join(', ')}`);
    }
    const large = results
      .flatMap(({ nodules }) => nodules)
      .filter(({ kind, diameterMm }) => kind === 'solid' && diameterMm >= 6);
    const found = large.filter((nodule) => nodule.found);
    row(
      level,
      scans,
      range(results.map(({ candidates }) => candidates)),
      share(large),
      ...attachments.map((attachment) => share(large.filter((nodule) => nodule.attachment === attachment))),
      two(mean(found.map(({ diceNear }) => diceNear))),
      two(mean(found.map(({ diceWhole }) => diceWhole))),
    );
  }
}

if (values.model) await book(values.model);
else threshold();
