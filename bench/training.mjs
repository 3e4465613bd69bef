import { connectedComponents } from '../dist/ct/index.js';
import { noduleSlices } from '../dist/data/labelling/noduleSlices.js';
import { createSampler } from '../dist/data/sampling/sampler.js';
import { losses, manualSeed, nn, noGrad, optim, scope, setNumThreads } from '../dist/torch/index.js';
import { StepCounts } from '../dist/train/parts/stepCounts.js';
import { trainingStep } from '../dist/train/step.js';
import { withPrecision } from '../dist/train/steps/withPrecision.js';
import { answerRequests, wallSeconds } from './answer.mjs';
import { readScan } from './scan.mjs';

// Our side of the training and inference rows: the training step of src/train on the scan of bench/scan.mjs.
setNumThreads(1);
manualSeed(1);
const scan = labelled(await readScan(process.argv[2]));
const criterion = (probability, mask) => losses.diceWithPositives(probability, mask, { fnWeight: 8 });

function labelled({ shape, centers, voxels, mask }) {
  const volume = {
    voxels,
    intensity: 'hu',
    shape,
    spacing: [1, 1, 1],
    origin: [0, 0, 0],
    uid: 'bench',
    scale: 1,
    offset: 0,
  };
  const { components } = connectedComponents(mask, shape, 26);
  const nodules = centers.map((center) => {
    const box = components.find(({ low, high }) => center.every((at, axis) => at >= low[axis] && at <= high[axis]));
    return { center, diameterMm: null, box, slices: noduleSlices(mask, shape, box) };
  });
  return { volume, mask, nodules, background: [] };
}

const samplers = new Map();
async function samplerOf(batch, size, steps) {
  const key = `${batch} ${size} ${steps}`;
  if (!samplers.has(key)) {
    const options = { batch, samples: batch * steps, cropSize: size, planeSize: Math.max(96, size), negatives: 0 };
    samplers.set(key, await createSampler([scan], options));
  }
  return samplers.get(key);
}

function trainer(precision) {
  const net = nn.unet({
    inChannels: 7,
    classes: 1,
    depth: 3,
    wf: 4,
    padding: true,
    batchNorm: true,
    pooling: 'avg',
    inputNorm: true,
    sigmoid: true,
    channelsLast: true,
  });
  return {
    net: withPrecision(net, precision, 'cpu'),
    train: (on) => net.train(on),
    optimizer: optim.adam(net.parameters()),
    criterion,
    counts: new StepCounts('cpu', 0.5),
  };
}
const trainers = { float32: trainer('float32'), bf16: trainer('bf16') };

/** Prepares `steps` steps of a row's work. */
async function prepare({ work, variant, batch, size, steps }) {
  const parts = trainers[variant];
  const sampler = await samplerOf(batch, size, steps);
  sampler.startEpoch(1);
  if (work === 'crop') {
    let epoch = 1;
    return () => {
      // The peer draws its parameters for every batch, so drawing ours is timed too.
      sampler.startEpoch(++epoch);
      for (let n = 0; n < steps; n++) scope(() => void sampler.next());
    };
  }
  if (work === 'loop') {
    let epoch = 1;
    const step = trainingStep({ ...parts, sampler });
    return () => {
      sampler.startEpoch(++epoch);
      for (let n = 0; n < steps; n++) step();
    };
  }
  const given = sampler.next();
  const step = trainingStep({ ...parts, sampler: { next: () => given } });
  const forward = () => noGrad(() => scope(() => void parts.net.forward(given.image)));
  parts.train(work !== 'slice');
  return () => {
    for (let n = 0; n < steps; n++) {
      if (work === 'step') step();
      else forward();
    }
  };
}

await answerRequests(prepare, wallSeconds);
