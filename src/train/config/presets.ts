import { compatSchema, type PresetName, type TrainConfigInput } from './schema.js';

type Overrides = Omit<Partial<TrainConfigInput>, 'preset' | 'data' | 'out'>;

/** Changes that a preset makes to the defaults. */
export const PRESETS: Record<PresetName, Overrides> = {
  default: {},
  /** Measured in docs/records/short-runs.md. */
  fast: {
    samples: 2048,
    epochs: 6,
    loss: 'dice-ce',
    learningRate: 4e-3,
    schedule: 'one-cycle',
    validateEvery: 2,
    network: { wf: 3 },
  },
  book: {
    samples: 300_000,
    validateEvery: 5,
    loss: 'book',
    schedule: 'constant',
    negatives: 0,
    hideEdges: 'off',
    channelsLast: false,
    minimumVoxels: 1,
    network: { pooling: 'avg' },
    augment: { flipSlices: false },
    compat: Object.fromEntries(Object.keys(compatSchema.shape).map((name) => [name, true])),
  },
};
