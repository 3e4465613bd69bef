// Scores one model of the accuracy study. Chooses its operating points on the validation part of the split, with and
// without gates on size and mean probability, then scores the test part once. Appends one JSON line to --out, so that
// the study can be continued.
//   --data DIR --split FILE --out FILE
//   --model FILE        with --plain: a state dict that peer.py saved
//   --learner NAME --seed N   how the model was trained
//   --most-missed 0.2   largest share of nodules that an operating point may miss

import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openDataset, readSplit } from '../../../dist/data/index.js';
import { openModel } from '../../../dist/model/openModel.js';
import { scanProbabilities } from '../../../dist/model/scanProbabilities.js';
import { PointSearch, scoreAt } from '../../../dist/score/index.js';
import { setNumThreads } from '../../../dist/torch/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    split: { type: 'string' },
    model: { type: 'string' },
    learner: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    plain: { type: 'boolean', default: false },
    'most-missed': { type: 'string', default: '0.2' },
  },
});
const THRESHOLDS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const searches = {
  gated: new PointSearch({ thresholds: THRESHOLDS, minimumVoxels: [1, 8, 16, 32, 48, 64, 96] }),
  plain: new PointSearch({ thresholds: THRESHOLDS, minimumVoxels: [1], minimumScores: [0] }),
};
const WINDOW = 80;
const FARTHEST = 24;

setNumThreads(1);
const split = await readSplit(values.split);
const dataset = await openDataset(values.data);
const patients = new Map(dataset.scans.map(({ uid, patient }) => [uid, patient]));
const { model } = openModel(values.model, 'cpu', values.plain ? { pooling: 'max', input: 'minmax-window' } : {});

let printed = Date.now();
const showProgress = (part, done, of) => {
  if (Date.now() - printed < 5000) return;
  printed = Date.now();
  console.error(`${values.learner}: ${part} ${done}/${of}`);
};

for (const [done, uid] of split.validation.entries()) {
  const scan = await predicted(await dataset.load(uid), null);
  for (const search of Object.values(searches)) search.add(scan);
  showProgress('validation', done + 1, split.validation.length);
}
const mostMissed = Number(values['most-missed']);
const points = Object.fromEntries(Object.entries(searches).map(([name, search]) => [name, search.best(mostMissed)]));

const scores = { whole: [], centred: [], shifted: [] };
for (const [done, uid] of split.test.entries()) {
  const scan = await dataset.load(uid);
  const corners = { whole: null, centred: middle(scan, [0, 0]), shifted: middle(scan, shiftOf(uid)) };
  for (const [kind, corner] of Object.entries(corners)) {
    const seen = await predicted(scan, corner);
    const at = (name) => scoreAt(seen, points[name]);
    scores[kind].push({ uid, patient: patients.get(uid), gated: at('gated'), plain: at('plain') });
  }
  showProgress('test', done + 1, split.test.length);
}
appendFileSync(
  values.out,
  `${JSON.stringify({ learner: values.learner, seed: Number(values.seed), split: values.split, points, scores })}\n`,
);

/**
 * Rows and columns by which the window is shifted: uniform, derived from the case's name, so the same for every
 * learner.
 */
function shiftOf(uid) {
  const digest = createHash('sha256').update(`nodule-train:shift:${uid}`).digest();
  return [0, 4].map((at) => (digest.readUInt32LE(at) % (2 * FARTHEST + 1)) - FARTHEST);
}

function middle({ volume: { shape } }, shift) {
  return shift.map((by, axis) => ((shape[axis + 1] - WINDOW) >> 1) + by);
}

/**
 * Predicts a case, or a window of it, which is then all that the model sees. Returns it with its truth and
 * probabilities.
 */
async function predicted({ volume, mask }, corner) {
  const [slices, rows, columns] = volume.shape;
  const cut = (values) => {
    if (corner === null) return values;
    const part = new values.constructor(slices * WINDOW * WINDOW);
    for (let line = 0; line < slices * WINDOW; line++) {
      const from = (Math.floor(line / WINDOW) * rows + corner[0] + (line % WINDOW)) * columns + corner[1];
      part.set(values.subarray(from, from + WINDOW), line * WINDOW);
    }
    return part;
  };
  const shape = corner === null ? volume.shape : [slices, WINDOW, WINDOW];
  const seen = { ...volume, shape, voxels: cut(volume.voxels) };
  const center = shape.map((extent) => (extent - 1) / 2);
  return {
    volume: seen,
    truth: cut(mask),
    nodules: [{ centerIRC: center, diameterMm: 1 }],
    oneNodule: true,
    probabilities: await scanProbabilities(seen, model, { batch: 8 }),
  };
}
