import { z } from 'zod';
import type { Volume, WorldLPS } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { arange, type Device, fromData, keep, op, scope, type Tensor, zeros } from '../../torch/index.js';
import type { LabelledScan } from '../labelling/labelledScan.js';
import { augmentationSchema, samplerCompatSchema } from './augmentationOptions.js';
import { type CropSource, type Crops, gatherCrops } from './gatherCrops.js';

export const samplerOptionsSchema = z.object({
  batch: z.int().positive().max(16384).default(16).describe('batch size: crops per step'),
  samples: z
    .int()
    .positive()
    .max(1e7)
    .default(4096)
    .describe('crops per epoch; the last batch is filled up with the first crops, which are not counted again'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe('random seed'),
  cropSize: z.int().min(8).max(1024).default(64).describe('rows and columns of a training crop'),
  planeSize: z
    .int()
    .min(8)
    .max(2048)
    .default(96)
    .describe('rows and columns of the stored plane that a crop is cut from'),
  contextSlices: z
    .int()
    .min(0)
    .max(15)
    .default(3)
    .describe('slices above and below the labelled one, as further channels'),
  negatives: z.number().min(0).max(1).default(0.25).describe('fraction of training crops without a nodule'),
  negativesPerScan: z
    .int()
    .min(0)
    .max(1e5)
    .default(16)
    .describe('places without a nodule that are used from each scan'),
  hardNegatives: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('fraction of the crops without a nodule that are cut at the hard points, if there are any'),
  hideEdges: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      'repeat slices from a random one on, as happens at the ends of a scan; auto: on if most nodules are ' +
        'in crops that end beside them',
    ),
  balance: z
    .enum(['nodule', 'slice', 'size'])
    .default('nodule')
    .describe('what is sampled equally often: nodules, their slices, or size classes (limits 6, 8 and 20 mm)'),
  huLow: z.int().min(-32768).max(32767).default(-1000).describe('lower clipping limit in HU'),
  huHigh: z.int().min(-32768).max(32767).default(1000).describe('upper clipping limit in HU'),
  dtype: z
    .enum(['float32', 'float64'])
    .default('float32')
    .describe('data type of the crops; float64 is for comparisons'),
  augment: augmentationSchema.prefault({}),
  compat: samplerCompatSchema.prefault({}),
});

export type SamplerOptions = z.input<typeof samplerOptionsSchema>;

/** Position of a sampler; with its options and data it determines every crop that follows. */
export interface SamplerState {
  epoch: number;
  /** Number of crops of the epoch that were taken. */
  position: number;
}

/** Makes training batches from planes that stay on the training device. */
export interface Sampler {
  readonly batch: number;
  /** Intensity of every crop. */
  readonly intensity: Volume['intensity'];
  /** Number of batches that hold every crop of an epoch once. */
  readonly batchesPerEpoch: number;
  /** Numbers of nodules, of crops with one, of crops without, and of crops at hard points. */
  readonly counts: { nodules: number; positiveCrops: number; negativeCrops: number; hardCrops: number };
  /** Whether slices repeat at random, so that the ends of a scan do not give away its nodule. */
  readonly hidesEdges: boolean;
  /** Draws an epoch's order and transforms, and continues at crop `position` of it. */
  startEpoch(epoch: number, position?: number): void;
  /**
   * Returns the next batch: `image` `[B, 2 * contextSlices + 1, S, S]` in HU or as stored, `mask` `[B, 1, S, S]` of 0
   * and 1, both of the option `dtype`, and `counted` `[B]` bool, which is false for crops repeated to fill the epoch's
   * last batch. The tensors belong to the caller's scope.
   * @throws NoduleTrainError `sampler-epoch` before `startEpoch`
   */
  next(): { image: Tensor; mask: Tensor; counted: Tensor };
  /** Sources of `count` crops of the current epoch, from `position` on. */
  sources(position: number, count: number): CropSource[];
  state(): SamplerState;
  restore(state: SamplerState): void;
  dispose(): void;
}

/**
 * Cuts planes from the scans and copies them to the device. Each crop depends only on seed, epoch, position and the
 * data.
 * @throws NoduleTrainError `sampler-empty` if a kind of crop with a share above 0 is missing, `sampler-intensity` if
 * scans in HU and scans of other intensities are mixed, `sampler-size` if `cropSize` exceeds `planeSize`
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
      `cutting training crops: cropSize is ${cropSize}, expected at most planeSize, which is ${planeSize}. ` +
        'Make cropSize smaller or planeSize larger.',
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
  if (hardShare > 0 && options.negatives > 0 && hardCrops === 0) throw missingCrops('at a hard point', hardShare);
  const hidesEdges =
    options.hideEdges === 'on' || (options.hideEdges === 'auto' && 2 * crops.nodulesInCrops > crops.nodules);
  if (options.negatives < 1 && positiveCrops === 0) throw missingCrops('with a nodule', 1 - options.negatives);
  if (options.negatives > 0 && hardShare < 1 && negativeCrops === 0)
    throw missingCrops('without a nodule', options.negatives);

  const side = [planeSize, planeSize];
  const owned = scope(() => {
    const groups = (starts: number[]) => fromData(BigInt64Array.from(starts, BigInt));
    return {
      image: stackPlanes(crops.image, 'int16', planeSize).to(device),
      label: stackPlanes(crops.label, 'uint8', planeSize).to(device),
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
      const drawn = compat.batchTransform ? shareTransforms(each, batch) : each;
      // In place, because a captured CUDA graph reads the same memory in every epoch.
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
          'taking a training batch: no epoch was started. Call startEpoch first.',
        );
      // Read before crop_augment advances the cursor; past the end it continues with the first crops.
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

/**
 * Scales the noise of HU to arbitrary values: the same fraction of their range in these crops as it is of the range
 * that HU are clipped to.
 */
function relativeNoise({ image }: Crops, { augment, huLow, huHigh }: z.output<typeof samplerOptionsSchema>): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const plane of image)
    for (const value of plane) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return huHigh > huLow && high > low ? (augment.noise * (high - low)) / (huHigh - huLow) : 0;
}

/** Columns of the draws that hold a crop's affine transform and slice flip (binding/nodule/draws.h). */
const TRANSFORM_COLUMNS = [3, 4, 5, 6, 7, 8, 12];

/**
 * Gives all crops of a batch the transform of its first crop. Repeats the first rows to fill the last batch, because a
 * repeated crop takes the transform of that batch. `each` is `[samples, columns]` on the CPU.
 */
function shareTransforms(each: Tensor, batch: number): Tensor {
  const [samples, columns] = each.shape as [number, number];
  const from = each.data() as Float64Array;
  const rows = new Float64Array(Math.ceil(samples / batch) * batch * columns);
  for (let at = 0; at < rows.length / columns; at++) {
    rows.set(from.subarray((at % samples) * columns, ((at % samples) + 1) * columns), at * columns);
    for (const column of TRANSFORM_COLUMNS)
      rows[at * columns + column] = from[(at - (at % batch)) * columns + column] as number;
  }
  return fromData(rows, [rows.length / columns, columns]);
}

const missingCrops = (kind: string, share: number) =>
  new NoduleTrainError(
    'sampler-empty',
    `cutting training crops: found no crop ${kind} in the training scans, expected a fraction of ${share} of the ` +
      'crops. Check the annotations, or change `negatives` or `hardNegatives`.',
  );

function stackPlanes(list: (Int16Array | Uint8Array)[], dtype: 'int16' | 'uint8', size: number): Tensor {
  const all = zeros([list.length, size, size], { dtype });
  const data = all.data() as Int16Array | Uint8Array;
  for (const [i, plane] of list.entries()) data.set(plane, i * size * size);
  return all;
}
