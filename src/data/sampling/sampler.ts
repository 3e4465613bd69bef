import { z } from 'zod';
import type { Volume, WorldLPS } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { arange, type Device, fromData, keep, op, scope, type Tensor, zeros } from '../../torch/index.js';
import type { LabelledScan } from '../labelling/labelledScan.js';
import { augmentationSchema, samplerCompatSchema } from './augmentation.js';
import { type CropSource, type Crops, gatherCrops } from './gatherCrops.js';

export const samplerOptionsSchema = z.object({
  batch: z.int().positive().default(16).describe('crops per step'),
  samples: z
    .int()
    .positive()
    .default(4096)
    .describe('crops per epoch; its last batch is filled up with its first ones, which are not counted'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe('of every random draw'),
  cropSize: z.int().min(8).default(64).describe('rows and columns of a training crop'),
  planeSize: z.int().min(8).default(96).describe('rows and columns around a nodule that a crop is taken from'),
  contextSlices: z.int().min(0).max(15).default(3).describe('slices above and below as further channels'),
  negatives: z.number().min(0).max(1).default(0.25).describe('share of training crops without a nodule'),
  negativesPerScan: z.int().min(0).default(16).describe('places without a nodule that are kept of each scan'),
  hardNegatives: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('share of the crops without a nodule that are at hardPoints, where these are given'),
  hideEdges: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      'repeat slices from a random one on, as beyond the ends of a scan; auto: where most scans are crops that end beside their nodule',
    ),
  balance: z
    .enum(['nodule', 'slice', 'size'])
    .default('nodule')
    .describe('what comes up equally often: nodules, their slices, or classes of sizes (below 6, 8, 20 mm, and above)'),
  huLow: z.int().min(-32768).max(32767).default(-1000).describe('HU are clipped to at least this'),
  huHigh: z.int().min(-32768).max(32767).default(1000).describe('HU are clipped to at most this'),
  dtype: z.enum(['float32', 'float64']).default('float32').describe('of the crops; float64 is for comparisons'),
  augment: augmentationSchema.prefault({}),
  compat: samplerCompatSchema.prefault({}),
});

export type SamplerOptions = z.input<typeof samplerOptionsSchema>;

/** Where a sampler stands; with the options and the data it says everything that comes next. */
export interface SamplerState {
  epoch: number;
  /** Crops of the epoch that were given out. */
  position: number;
}

/** Gives training batches from crops that stay on the training device. */
export interface Sampler {
  readonly batch: number;
  /** Of every crop. */
  readonly intensity: Volume['intensity'];
  /** Batches that it takes to give out every crop of an epoch once. */
  readonly batchesPerEpoch: number;
  /** Nodules, crops that show one, and crops that show none. */
  readonly counts: { nodules: number; positiveCrops: number; negativeCrops: number; hardCrops: number };
  /** Whether slices repeat at random, so that those at the ends of a scan tell nothing. */
  readonly hidesEdges: boolean;
  /** Draws an epoch's order and transforms; `position` continues inside it. */
  startEpoch(epoch: number, position?: number): void;
  /**
   * image `[B, 2 * contextSlices + 1, S, S]` float32 HU, mask `[B, 1, S, S]` float32, 0 or 1, and `counted` `[B]` bool: false
   * for crops that come again because the epoch's last batch would not be full. They belong to the caller's scope.
   */
  next(): { image: Tensor; mask: Tensor; counted: Tensor };
  /** What `count` crops from a position of the epoch at hand on are cut from. */
  sources(position: number, count: number): CropSource[];
  state(): SamplerState;
  restore(state: SamplerState): void;
  dispose(): void;
}

/**
 * Cuts the scans and puts the crops on the device. Each draw depends on (seed, epoch, position) and the data alone.
 * @throws NoduleTrainError `sampler-empty` where crops of a wanted kind are missing, `sampler-intensity` where scans in HU and others are mixed, `sampler-size` where cropSize exceeds planeSize
 */
export async function createSampler(
  scans: AsyncIterable<LabelledScan> | Iterable<LabelledScan>,
  input: SamplerOptions = {},
  device: Device = 'cpu',
  hardPoints?: ReadonlyMap<string, readonly WorldLPS[]>,
): Promise<Sampler> {
  const options = samplerOptionsSchema.parse(input);
  const { batch, cropSize, planeSize, compat, augment } = options;
  if (cropSize > planeSize)
    throw new NoduleTrainError(
      'sampler-size',
      `cutting training crops: cropSize is ${cropSize}, but planeSize, which they are taken from, is ${planeSize}; cropSize must not be larger`,
    );
  const crops = await gatherCrops(scans, {
    ...options,
    negativesPerScan: options.negatives > 0 ? options.negativesPerScan : 0,
    clip: { low: options.huLow, high: options.huHigh },
    shiftedLabel: compat.shiftedLabel,
    edgeMismatch: compat.edgeMismatch,
    annotatedSliceOnly: compat.annotatedSliceOnly,
    hardPoints: options.hardNegatives > 0 ? hardPoints : undefined,
  });
  const positiveCrops = crops.positiveGroups.at(-1)!;
  const negativeCrops = crops.negativeGroups.at(-1)! - positiveCrops;
  const hardCrops = crops.hardGroups.at(-1)! - positiveCrops - negativeCrops;
  const hardShare = hardPoints === undefined ? 0 : options.hardNegatives;
  if (hardShare > 0 && options.negatives > 0 && hardCrops === 0) throw empty('a hard point', hardShare);
  const hidesEdges =
    options.hideEdges === 'on' || (options.hideEdges === 'auto' && 2 * crops.nodulesInCrops > crops.nodules);
  if (options.negatives < 1 && positiveCrops === 0) throw empty('a nodule', 1 - options.negatives);
  if (options.negatives > 0 && hardShare < 1 && negativeCrops === 0) throw empty('no nodule', options.negatives);

  const side = [planeSize, planeSize];
  const owned = scope(() => {
    const groups = (starts: number[]) => fromData(BigInt64Array.from(starts, BigInt));
    return {
      image: planes(crops.image, 'int16', planeSize).to(device),
      label: planes(crops.label, 'uint8', planeSize).to(device),
      table: fromData(Int32Array.from(crops.table.flat()), [crops.table.length, crops.table[0]!.length]).to(device),
      focus: fromData(Int32Array.from(crops.focus.flat()), [crops.focus.length, 2]),
      positive: groups(crops.positiveGroups),
      negative: groups(crops.negativeGroups),
      hard: groups(crops.hardGroups),
      cursor: zeros([1], { dtype: 'int64' }).to(device),
      places: arange(0, batch, 1, { dtype: 'int64' }).to(device),
    };
  });
  Object.values(owned).forEach(keep);

  const { samples } = options;
  const batchesPerEpoch = Math.ceil(samples / batch);
  const drawEpoch = op('nodule::draw_epoch');
  const cropAugment = op('nodule::crop_augment');
  const [low, high] =
    crops.intensity === 'hu' ? [options.huLow, options.huHigh] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const noise = crops.intensity === 'hu' ? augment.noise : relativeNoise(crops, options);
  let draws: Tensor | undefined;
  let current = -1;

  const sampler: Sampler = {
    batch,
    intensity: crops.intensity,
    batchesPerEpoch,
    counts: { nodules: crops.nodules, positiveCrops, negativeCrops, hardCrops },
    hidesEdges,
    startEpoch(epoch, position = 0) {
      const each: Tensor = drawEpoch(owned.positive, owned.negative, owned.focus, samples, {
        seed: options.seed,
        epoch,
        rows: side[0],
        columns: side[1],
        window: cropSize,
        negativeShare: options.negatives,
        ...augment,
        noise,
        offsetNoOp: compat.offsetNoOp,
        transformBatch: compat.batchTransform ? batch : 1,
        hideEdges: hidesEdges ? options.contextSlices : 0,
        hardGroups: owned.hard,
        hardShare: options.negatives > 0 ? hardShare : 0,
      });
      const drawn = compat.batchTransform ? oneTransformABatch(each, batch) : each;
      // In place: a captured graph reads the same memory in every epoch.
      if (draws === undefined) draws = keep(drawn.to(device));
      else draws.copy_(drawn);
      for (const tensor of new Set([each, drawn])) if (tensor !== draws) tensor.dispose();
      owned.cursor.fill_(position);
      current = epoch;
    },
    next() {
      if (draws === undefined)
        throw new NoduleTrainError(
          'sampler-epoch',
          'taking a training batch: no epoch was started; call startEpoch first',
        );
      // Read before the crops are cut, which advances the cursor; past the end crop_augment goes on with the first draws.
      const counted = scope(() => owned.cursor.add(owned.places).lt(samples));
      const [image, mask] = cropAugment(
        owned.image,
        owned.label,
        owned.table,
        draws,
        owned.cursor,
        batch,
        cropSize,
        low,
        high,
        compat.borderAtWindow,
        compat.labelResample,
        compat.noiseAfterClamp,
        options.dtype,
      ) as [Tensor, Tensor];
      return { image, mask, counted };
    },
    sources: (position, count) =>
      Array.from({ length: count }, (_, at) =>
        scope(() => {
          const row = draws!.select(0, (position + at) % (draws!.shape[0] as number));
          return crops.sources[row.select(0, 0).item() as number]!;
        }),
      ),
    state: () => ({ epoch: current, position: owned.cursor.item() as number }),
    restore: ({ epoch, position }) => sampler.startEpoch(epoch, position),
    dispose() {
      for (const tensor of Object.values(owned)) tensor.dispose();
      draws?.dispose();
    },
  };
  return sampler;
}

/** Noise that is to arbitrary values, by their range in these crops, what it would be to HU by the range that they are clipped to. */
function relativeNoise({ image }: Crops, { augment, huLow, huHigh }: z.output<typeof samplerOptionsSchema>): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const plane of image)
    for (const value of plane) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return huHigh > huLow && high > low ? (augment.noise * (high - low)) / (huHigh - huLow) : 0;
}

/** Columns of the draws that say how a crop is moved, turned and mirrored (binding/nodule/draws.h). */
const transformColumns = [3, 4, 5, 6, 7, 8, 12];

/**
 * Fills the last batch up with the first rows and gives these the transform of that batch, as all its crops have one.
 * The draws themselves lie on the CPU.
 */
function oneTransformABatch(each: Tensor, batch: number): Tensor {
  const [samples, columns] = each.shape as [number, number];
  const from = each.data() as Float64Array;
  const rows = new Float64Array(Math.ceil(samples / batch) * batch * columns);
  for (let at = 0; at < rows.length / columns; at++) {
    rows.set(from.subarray((at % samples) * columns, ((at % samples) + 1) * columns), at * columns);
    for (const column of transformColumns)
      rows[at * columns + column] = from[(at - (at % batch)) * columns + column] as number;
  }
  return fromData(rows, [rows.length / columns, columns]);
}

const empty = (kind: string, share: number) =>
  new NoduleTrainError(
    'sampler-empty',
    `cutting training crops: the training scans gave no crop with ${kind}, but a share of ${share} of the crops is wanted; look at the annotations, or change \`negatives\``,
  );

function planes(list: (Int16Array | Uint8Array)[], dtype: 'int16' | 'uint8', size: number): Tensor {
  const all = zeros([list.length, size, size], { dtype });
  const data = all.data() as Int16Array | Uint8Array;
  for (const [i, plane] of list.entries()) data.set(plane, i * size * size);
  return all;
}
