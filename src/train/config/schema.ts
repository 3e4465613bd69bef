import { z } from 'zod';
import {
  augmentationSchema,
  samplerCompatSchema,
  samplerOptionsSchema,
  sourceOptionsSchema,
} from '../../data/index.js';
import { labelRuleSchema } from '../../labels/index.js';

const count = () => z.int().positive();
const share = () => z.number().min(0).max(1);

/** The network; defaults are the book's sizes with the pooling of pytorch-unet. */
export const networkSchema = z.strictObject({
  depth: z.int().min(1).max(8).default(3).describe('levels of the U-Net'),
  wf: z.int().min(1).max(10).default(4).describe('channels of the first level, as a power of 2'),
  batchNorm: z.boolean().default(true).describe('batch norm after each convolution'),
  upMode: z.enum(['upconv', 'upsample']).default('upconv').describe('transposed convolution or bilinear upsampling'),
  pooling: z.enum(['max', 'avg']).default('max').describe("pooling between levels; the book's U-Net averages"),
  inputNorm: z
    .boolean()
    .default(true)
    .describe("batch norm on the input, under the book's names; off gives pytorch-unet's plain names"),
});

/** One switch for each known fault of the book's code that training can show again; off mends it. */
export const compatSchema = z.strictObject({
  ...samplerCompatSchema.shape,
  bitwiseNot: z
    .boolean()
    .default(false)
    .describe('where nothing is augmented, false positives of training are counted negative'),
  diceLogged: z
    .boolean()
    .default(false)
    .describe('the loss in events and metrics is Dice alone, whatever is trained on'),
  selectByRecall: z.boolean().default(false).describe('keep the model of the best pixel recall'),
  zeroIsBest: z.boolean().default(false).describe('the first validation counts as best even with score 0'),
  positiveSlicesOnly: z.boolean().default(false).describe('validate only on slices with a nodule'),
  positiveCropsOnly: z.boolean().default(false).describe('never train on crops without a nodule'),
  transposedDirection: z.boolean().default(false).describe('world to index by the transposed direction matrix'),
  wrapAtEdges: z.boolean().default(false).describe("the box search wraps at the volume's lower edges"),
  boxLabels: z.boolean().default(false).describe('labels are the box cut at -700 HU'),
  stopOnEither: z.boolean().default(false).describe('the box search stops when either side meets air'),
  biasInit: z.boolean().default(false).describe('biases start at normal(-bound, bound)'),
  strideSplit: z.boolean().default(false).describe('every tenth series validates, not a tenth of the patients'),
});

const lossNames = [
  'dice',
  'dice-ce',
  'dice-focal',
  'dice-boundary',
  'book',
  'cross-entropy',
  'focal',
  'tversky',
  'focal-tversky',
  'generalized-dice',
  'log-cosh-dice',
] as const;

const presetNames = ['default', 'book', 'fast'] as const;
export type PresetName = (typeof presetNames)[number];

/** Everything that `train` can be told. Each field is a command line option of the same name and default. */
export const trainConfigSchema = z.strictObject({
  data: z.string().min(1).describe('folder of scans (LUNA16, LIDC, pairs, nnU-Net raw), or a prepared store'),
  out: z.string().min(1).describe('folder of the run, made anew'),
  preset: z
    .enum(presetNames)
    .default('default')
    .describe("defaults to start from; `book` repeats the book's run, `fast` is for minutes on a CPU"),
  epochs: count().default(20).describe('epochs to train'),
  samples: count().default(4096).describe('crops per epoch'),
  batch: count().default(16).describe('crops per step'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe('of every random draw'),
  device: z
    .string()
    .regex(/^(auto|cpu|cuda(:\d+)?)$/, 'auto, cpu, cuda or cuda:N is wanted')
    .default('auto')
    .describe('auto (CUDA where it works), cpu, cuda or cuda:N'),
  deterministic: z
    .boolean()
    .default(false)
    .describe('on CUDA: only algorithms of cuDNN that give the same bits each time'),
  captureSteps: z
    .boolean()
    .default(false)
    .describe('on CUDA: record the step once and replay it; not yet run on a GPU'),
  threads: z.int().min(0).default(0).describe('CPU threads of the arithmetic; 0: all cores'),
  optimizer: z.enum(['adam', 'adamw', 'sgd']).default('adam').describe('what steps along the gradients'),
  learningRate: z.number().positive().default(1e-3).describe('of the optimizer'),
  weightDecay: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe('of the optimizer; by default 0.01 for adamw, else 0'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('of sgd'),
  nesterov: z.boolean().default(true).describe("Nesterov's momentum for sgd"),
  schedule: z
    .enum(['constant', 'cosine', 'poly', 'one-cycle'])
    .default('cosine')
    .describe('of the learning rate over the whole run'),
  warmUpSteps: z
    .int()
    .min(0)
    .default(0)
    .describe('steps over which the learning rate rises before its schedule begins'),
  polyPower: z.number().positive().default(0.9).describe('exponent of the schedule poly'),
  clipNorm: z.number().min(0).default(0).describe('most that the norm of all gradients may be; 0: any'),
  accumulate: count().default(1).describe('batches whose gradients make one step'),
  ema: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('decay of the moving average of the weights that is validated and kept; 0: none'),
  precision: z
    .enum(['float32', 'bf16'])
    .default('float32')
    .describe('of the convolutions; bf16 is slow on a CPU without AVX-512 bf16 or AMX'),
  channelsLast: z
    .boolean()
    .default(true)
    .describe('values lie pixel by pixel between the layers, which is faster; off: plane by plane'),
  onNan: z
    .enum(['stop', 'skip'])
    .default('stop')
    .describe('where loss or gradient are not finite: stop, or leave the step out and go on'),
  nanLimit: count().default(20).describe('steps of a run that may be left out; training stops at the next one'),
  patience: z
    .int()
    .min(0)
    .default(0)
    .describe('validations without a better score after which training ends; 0: never'),
  init: z
    .string()
    .min(1)
    .optional()
    .describe("model whose weights training starts from: a checkpoint, a .pt of a state_dict, or the book's .state"),
  initPooling: z
    .enum(['max', 'avg'])
    .optional()
    .describe('how the network of `init` pools, where its file does not say it'),
  initInput: z
    .enum(['hu-clip', 'minmax-window'])
    .optional()
    .describe('what `init` takes, where its file does not say it: HU clipped to ±1000, or 8-bit crops'),
  lossModule: z
    .string()
    .min(1)
    .optional()
    .describe('loss of your own in place of `loss`: a module and its export, as my.mjs#name'),
  augmentModule: z
    .string()
    .min(1)
    .optional()
    .describe('augmentation of your own after the built-in one: a module and its export, as my.mjs#name'),
  samplerModule: z.string().min(1).optional().describe('sampler of your own: a module and its export, as my.mjs#name'),
  loss: z.enum(lossNames).default('dice').describe('what is made small; docs/reference/losses.md has the formulas'),
  ceWeight: z.number().min(0).default(1).describe('weight of the second term of the loss `dice-ce`'),
  focalWeight: z.number().min(0).default(1).describe('weight of the second term of the loss `dice-focal`'),
  boundaryWeight: z.number().min(0).default(0.01).describe('weight of the second term of the loss `dice-boundary`'),
  fnWeight: z.number().min(0).default(8).describe('weight of the second term of the loss `book`'),
  smooth: z.number().min(0).default(1).describe('added to numerator and denominator of Dice and Tversky'),
  squaredDice: z.boolean().default(false).describe('sums of squares in the denominator of Dice'),
  lossBatch: z.boolean().default(false).describe('Dice and Tversky over the whole batch as if it were one crop'),
  tverskyAlpha: z.number().min(0).default(0.3).describe('weight of what is painted beside a nodule'),
  tverskyBeta: z.number().min(0).default(0.7).describe('weight of what is missed'),
  tverskyGamma: z
    .number()
    .min(1)
    .default(4 / 3)
    .describe('focus of the loss `focal-tversky`'),
  focalGamma: z.number().min(0).default(2).describe('focus of focal losses'),
  focalAlpha: share()
    .nullable()
    .default(null)
    .describe('weight of nodule pixels in focal losses, 1 - this that of the others'),
  contextSlices: z.int().min(0).max(15).default(3).describe('slices above and below as further channels'),
  cropSize: z.int().min(8).default(64).describe('rows and columns of a training crop'),
  planeSize: samplerOptionsSchema.shape.planeSize,
  negatives: share().default(0.25).describe('share of training crops without a nodule'),
  negativesPerScan: samplerOptionsSchema.shape.negativesPerScan,
  hardPoints: z
    .string()
    .min(1)
    .optional()
    .describe('JSON of places to be taught as no nodule: {"SERIESUID": [[x, y, z], ...]}, LPS mm'),
  hardNegatives: samplerOptionsSchema.shape.hardNegatives,
  balance: samplerOptionsSchema.shape.balance,
  hideEdges: samplerOptionsSchema.shape.hideEdges,
  huLow: samplerOptionsSchema.shape.huLow,
  huHigh: samplerOptionsSchema.shape.huHigh,
  validationShare: z.number().gt(0).lt(1).default(0.1).describe('share of the patients that validates'),
  split: z.string().min(1).optional().describe("file of a split to use, as another run's split.json"),
  folds: z.int().min(2).optional().describe('divide the patients into so many folds; with --fold'),
  fold: z.int().min(0).optional().describe("fold that validates, from 0: of --folds, else of the data's own"),
  validateEvery: count().default(1).describe('epochs between validations; the last epoch is always validated'),
  validationScans: z.int().min(0).default(0).describe('validate on so many scans at most; 0: on all'),
  threshold: z.number().gt(0).lt(1).default(0.5).describe('probability from which a pixel counts as nodule'),
  minimumVoxels: count().default(8).describe('smaller components are no candidates'),
  choosePoint: z
    .boolean()
    .default(false)
    .describe('at the end, choose threshold, smallest size and lowest score of the kept model on the validation scans'),
  mostMissed: share()
    .default(0.2)
    .describe('share of the nodules that choosePoint may leave without any voxel, as far as some point does not'),
  flips: z
    .boolean()
    .default(false)
    .describe('the kept model averages over the four mirror images of a slice, in choosePoint and wherever it is used'),
  checkpointSteps: z.int().min(0).default(0).describe('also save every so many steps; 0: only after epochs'),
  checkpointMinutes: z
    .number()
    .min(0)
    .default(0)
    .describe('also save after so many minutes since the last time; 0: never by time'),
  keepCheckpoints: count().default(2).describe('checkpoints of the latest steps that are kept'),
  logSteps: count().default(1).describe('steps between two events of type step'),
  images: z.int().min(0).default(6).describe('validation slices shown in TensorBoard'),
  histograms: z
    .int()
    .min(0)
    .default(0)
    .describe('epochs between histograms of weights and gradients in TensorBoard; 0: none'),
  ...sourceOptionsSchema.shape,
  ...labelRuleSchema.pick({ labels: true, sphere: true, votes: true, mask: true }).shape,
  network: networkSchema.prefault({}),
  augment: augmentationSchema.prefault({}),
  compat: compatSchema.prefault({}),
});

export type TrainConfig = z.output<typeof trainConfigSchema>;
export type TrainConfigInput = z.input<typeof trainConfigSchema>;
