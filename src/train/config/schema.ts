import { z } from 'zod';
import {
  augmentationSchema,
  samplerCompatSchema,
  samplerOptionsSchema,
  sourceOptionsSchema,
} from '../../data/index.js';
import { labelRuleSchema } from '../../labels/index.js';

/** Without a reason for another limit, one that no run reaches and whose sums stay exact. */
const count = (most = 1e9) => z.int().positive().max(most);
const share = () => z.number().min(0).max(1);

/** Options of the network. Defaults: the book's sizes with pytorch-unet's pooling. */
export const networkSchema = z.strictObject({
  depth: z.int().min(1).max(8).default(3).describe('levels of the U-Net'),
  wf: z.int().min(1).max(10).default(4).describe('log2 of the channels of the first level'),
  batchNorm: z.boolean().default(true).describe('batch norm after each convolution'),
  upMode: z.enum(['upconv', 'upsample']).default('upconv').describe('upsampling: transposed convolution or bilinear'),
  pooling: z.enum(['max', 'avg']).default('max').describe("pooling between levels; the book's U-Net uses avg"),
  inputNorm: z
    .boolean()
    .default(true)
    .describe('batch norm on the input (weight names as in the book; without it, as in pytorch-unet)'),
});

/** One switch for each known fault of the book's code that training can reproduce. Off: fixed. */
export const compatSchema = z.strictObject({
  ...samplerCompatSchema.shape,
  bitwiseNot: z.boolean().default(false).describe('negative false-positive counts in training without augmentation'),
  diceLogged: z
    .boolean()
    .default(false)
    .describe('Dice alone as the loss in events and metrics, whatever the loss function'),
  selectByRecall: z.boolean().default(false).describe('model selection by pixel recall'),
  zeroIsBest: z.boolean().default(false).describe('first validation kept as best even with score 0'),
  positiveSlicesOnly: z.boolean().default(false).describe('validation only on slices with a nodule'),
  positiveCropsOnly: z.boolean().default(false).describe('training only on crops with a nodule'),
  transposedDirection: z.boolean().default(false).describe('transposed direction matrix in world-to-index conversion'),
  wrapAtEdges: z.boolean().default(false).describe("box search that wraps around at the volume's lower edges"),
  boxLabels: z.boolean().default(false).describe('labels of everything above -700 HU in the box'),
  stopOnEither: z.boolean().default(false).describe('box search that stops when either side meets air'),
  biasInit: z.boolean().default(false).describe('initial biases from normal(-bound, bound)'),
  strideSplit: z
    .boolean()
    .default(false)
    .describe('every tenth series for validation, instead of a tenth of the patients'),
});

const LOSS_NAMES = [
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

const PRESET_NAMES = ['default', 'book', 'fast'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** All options of `train`. Each field is also a command line option of the same name and default. */
export const trainConfigSchema = z.strictObject({
  data: z.string().min(1).describe('folder of scans (LUNA16, LIDC, pairs, nnU-Net raw) or a prepared store'),
  out: z.string().min(1).describe('folder of the new run'),
  preset: z
    .enum(PRESET_NAMES)
    .default('default')
    .describe("set of defaults; `book` repeats the book's run, `fast` trains in minutes on a CPU"),
  epochs: count(1e6).default(20).describe('epochs to train'),
  samples: count(1e7).default(4096).describe('crops per epoch'),
  batch: count(16384).default(16).describe('batch size in crops'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe('random seed'),
  device: z
    .string()
    .regex(/^(auto|cpu|cuda(:\d+)?)$/, 'expected auto, cpu, cuda or cuda:N')
    .default('auto')
    .describe('device: auto (CUDA if it works), cpu, cuda or cuda:N'),
  deterministic: z.boolean().default(false).describe('deterministic cuDNN algorithms only (CUDA)'),
  captureSteps: z
    .boolean()
    .default(false)
    .describe('CUDA graph of the training step, captured once and replayed; not yet run on a GPU'),
  threads: z.int().min(0).max(1024).default(0).describe('CPU threads; 0: all cores'),
  optimizer: z.enum(['adam', 'adamw', 'sgd']).default('adam').describe('optimizer'),
  learningRate: z.number().positive().max(1e6).default(1e-3).describe('learning rate; the peak of its schedule'),
  weightDecay: z
    .number()
    .min(0)
    .max(1e6)
    .nullable()
    .default(null)
    .describe('weight decay; by default 0.01 for adamw, else 0'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of sgd'),
  nesterov: z.boolean().default(true).describe('Nesterov momentum of sgd'),
  schedule: z
    .enum(['constant', 'cosine', 'poly', 'one-cycle'])
    .default('cosine')
    .describe('learning rate schedule over the whole run'),
  warmUpSteps: z
    .int()
    .min(0)
    .max(1e9)
    .default(0)
    .describe('warm-up steps, over which the learning rate rises before its schedule begins'),
  polyPower: z.number().positive().max(100).default(0.9).describe('exponent of the poly schedule'),
  clipNorm: z.number().min(0).max(1e9).default(0).describe('clip the global gradient norm to this value; 0: off'),
  accumulate: count(1e6).default(1).describe('gradient accumulation: batches per optimizer step'),
  ema: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('decay of the exponential moving average of the weights, which is validated and saved; 0: off'),
  precision: z
    .enum(['float32', 'bf16'])
    .default('float32')
    .describe('precision of the convolutions; bf16 is slow on a CPU without AVX-512 bf16 or AMX'),
  channelsLast: z.boolean().default(true).describe('channels-last memory format (NHWC), which is faster'),
  onNan: z
    .enum(['stop', 'skip'])
    .default('stop')
    .describe('handling of a loss or gradient that is not finite: stop the run, or skip the step'),
  nanLimit: count().default(20).describe('most steps that a run may skip; training stops at the next one'),
  patience: z
    .int()
    .min(0)
    .max(1e9)
    .default(0)
    .describe('early stopping: validations without a better score before training ends; 0: off'),
  init: z
    .string()
    .min(1)
    .optional()
    .describe("initial weights: a checkpoint, a .pt file of a state_dict, or the book's .state"),
  initPooling: z
    .enum(['max', 'avg'])
    .optional()
    .describe('pooling of the `init` model, if its file does not record it'),
  initInput: z
    .enum(['hu-clip', 'minmax-window'])
    .optional()
    .describe('input of the `init` model, if its file does not record it: HU clipped to ±1000, or 8-bit crops'),
  lossModule: z
    .string()
    .min(1)
    .optional()
    .describe('custom loss function in place of `loss`: a module and its export, such as my.mjs#name'),
  augmentModule: z
    .string()
    .min(1)
    .optional()
    .describe('custom augmentation after the built-in one: a module and its export, such as my.mjs#name'),
  samplerModule: z.string().min(1).optional().describe('custom sampler: a module and its export, such as my.mjs#name'),
  loss: z.enum(LOSS_NAMES).default('dice').describe('loss function; formulas in docs/reference/losses.md'),
  ceWeight: z.number().min(0).max(1e6).default(1).describe('weight of cross-entropy in the loss `dice-ce`'),
  focalWeight: z.number().min(0).max(1e6).default(1).describe('weight of the focal loss in the loss `dice-focal`'),
  boundaryWeight: z
    .number()
    .min(0)
    .max(1e6)
    .default(0.01)
    .describe('weight of the boundary loss in the loss `dice-boundary`'),
  fnWeight: z
    .number()
    .min(0)
    .max(1e6)
    .default(8)
    .describe('weight of the Dice over labelled pixels in the loss `book`'),
  smooth: z
    .number()
    .min(0)
    .max(1e6)
    .default(1)
    .describe('smoothing term in numerator and denominator of Dice and Tversky'),
  squaredDice: z.boolean().default(false).describe('squared terms in the denominator of Dice'),
  lossBatch: z.boolean().default(false).describe('batch Dice: Dice and Tversky summed over the whole batch'),
  tverskyAlpha: z.number().min(0).max(1e6).default(0.3).describe('weight of false positives in Tversky losses'),
  tverskyBeta: z.number().min(0).max(1e6).default(0.7).describe('weight of false negatives in Tversky losses'),
  tverskyGamma: z
    .number()
    .min(1)
    .max(100)
    .default(4 / 3)
    .describe('focusing parameter gamma of the loss `focal-tversky`'),
  focalGamma: z.number().min(0).max(100).default(2).describe('focusing parameter gamma of focal losses'),
  focalAlpha: share()
    .nullable()
    .default(null)
    .describe('weight of nodule pixels in focal losses; other pixels get one minus it'),
  contextSlices: z.int().min(0).max(15).default(3).describe('context slices above and below, as input channels'),
  cropSize: z.int().min(8).max(1024).default(64).describe('crop size: rows and columns'),
  planeSize: samplerOptionsSchema.shape.planeSize,
  negatives: share().default(0.25).describe('share of negative crops (without a nodule)'),
  negativesPerScan: samplerOptionsSchema.shape.negativesPerScan,
  hardPoints: z
    .string()
    .min(1)
    .optional()
    .describe('JSON file of hard negatives: {"SERIESUID": [[x, y, z], ...]}, LPS mm'),
  hardNegatives: samplerOptionsSchema.shape.hardNegatives,
  balance: samplerOptionsSchema.shape.balance,
  hideEdges: samplerOptionsSchema.shape.hideEdges,
  huLow: samplerOptionsSchema.shape.huLow,
  huHigh: samplerOptionsSchema.shape.huHigh,
  validationShare: z.number().gt(0).lt(1).default(0.1).describe('share of the patients for validation'),
  split: z.string().min(1).optional().describe("file of a fixed split, such as another run's split.json"),
  folds: z.int().min(2).max(1000).optional().describe('cross-validation: number of folds of patients; needs --fold'),
  fold: z
    .int()
    .min(0)
    .max(999)
    .optional()
    .describe("index of the validation fold, from 0, among --folds or the data set's own folds"),
  validateEvery: count()
    .default(1)
    .describe('epochs between validations; the first and the last epoch are always validated'),
  validationScans: z.int().min(0).max(1e9).default(0).describe('most scans to validate on; 0: all'),
  threshold: z.number().gt(0).lt(1).default(0.5).describe('probability above which a pixel counts as nodule'),
  minimumVoxels: count().default(8).describe('smallest candidate in voxels'),
  choosePoint: z
    .boolean()
    .default(false)
    .describe('operating point (threshold, size, score) chosen on the validation scans at the end'),
  mostMissed: share()
    .default(0.2)
    .describe('largest share of nodules that the chosen operating point may miss, if some point allows it'),
  flips: z
    .boolean()
    .default(false)
    .describe('test-time augmentation of the saved model: average over the four mirror images of each slice'),
  checkpointSteps: z
    .int()
    .min(0)
    .max(1e9)
    .default(0)
    .describe('steps between checkpoints within an epoch; 0: only after epochs'),
  checkpointMinutes: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .describe('minutes between checkpoints within an epoch; 0: off'),
  keepCheckpoints: count().default(2).describe('number of latest checkpoints to keep'),
  logSteps: count().default(1).describe('steps between `step` events'),
  images: z.int().min(0).max(1000).default(6).describe('validation slices to show in TensorBoard'),
  histograms: z
    .int()
    .min(0)
    .max(1e9)
    .default(0)
    .describe('epochs between histograms of weights and gradients in TensorBoard; 0: off'),
  ...sourceOptionsSchema.shape,
  ...labelRuleSchema.pick({ labels: true, sphere: true, votes: true, mask: true }).shape,
  network: networkSchema.prefault({}),
  augment: augmentationSchema.prefault({}),
  compat: compatSchema.prefault({}),
});

export type TrainConfig = z.output<typeof trainConfigSchema>;
export type TrainConfigInput = z.input<typeof trainConfigSchema>;
