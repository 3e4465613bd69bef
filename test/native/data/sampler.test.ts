import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSampler, type LabelledScan, type Sampler, type SamplerOptions } from '../../../dist/data/index.js';
import { memory, op, scope, type Tensor } from '../../../dist/torch/index.js';
import { StepCounts } from '../../../dist/train/parts/stepCounts.js';
import { buildVolume } from '../../support/volume.js';

const shape = [12, 120, 130] as const;

/** A scan whose voxel values encode their slice, with one square nodule over the given slices. */
function scan(uid: string, slices: number[], row = 60, column = 60, radius = 3): LabelledScan {
  const size = shape[1] * shape[2];
  const voxels = Int16Array.from({ length: shape[0] * size }, (_, i) => 50 * Math.floor(i / size) - 500);
  const mask = new Uint8Array(voxels.length);
  for (const slice of slices)
    for (let r = row - radius; r <= row + radius; r++)
      for (let c = column - radius; c <= column + radius; c++)
        if (r >= 0 && c >= 0) mask[slice * size + r * shape[2] + c] = 1;
  const center = [slices[0] as number, row, column] as const;
  return {
    volume: buildVolume(shape, voxels, { uid }),
    mask,
    nodules: [
      {
        center,
        centerLps: [0, 0, 0] as never,
        diameterMm: 6,
        box: { low: center, high: center },
        voxels: 0,
        slices: slices.map((slice) => ({ slice, row, column, voxels: 49 })),
      },
    ],
    background: [
      [5, 60, 60],
      [11, 100, 100],
      [0, 20, 20],
      [6, 100, 20],
    ],
  };
}

const still = { flip: false, flipSlices: false, offset: 0, scale: 0, rotate: false, noise: 0 };
const options = (given: SamplerOptions = {}): SamplerOptions => ({ samples: 32, batch: 8, ...given });

/** Takes batches and returns the slices of each crop's channels and its number of labelled pixels. */
const crops = (sampler: Sampler, steps: number): { values: number[]; label: number }[] =>
  Array.from({ length: steps }, () =>
    scope(() => {
      const { image, mask } = sampler.next();
      const channels = op('aten::amax')(image, [2, 3]).toArray() as number[][];
      const labels = mask.sum([1, 2, 3]).toArray() as number[];
      return channels.map((values, i) => ({ values: values.map((value) => (value + 500) / 50), label: labels[i]! }));
    }),
  ).flat();

/** Takes batches and returns the values of images and masks of each. */
const batches = (sampler: Sampler, steps: number): number[][] =>
  Array.from({ length: steps }, () =>
    scope(() => {
      const { image, mask } = sampler.next();
      const flat = (tensor: Tensor) => Array.from(tensor.data() as Float32Array);
      return [...flat(image), ...flat(mask)];
    }),
  );

describe('a training batch', () => {
  it('has 7 slices around the labelled one as channels, and repeats the end slices', async () => {
    const sampler = await createSampler([scan('a', [0, 1, 5, 11])], options({ augment: still, negatives: 0 }));
    sampler.startEpoch(1);
    const { image, mask, counted } = sampler.next();
    expect([image.shape, mask.shape, image.dtype, mask.dtype]).toEqual([
      [8, 7, 64, 64],
      [8, 1, 64, 64],
      'float32',
      'float32',
    ]);
    image.dispose();
    mask.dispose();
    counted.dispose();
    const seen = new Set(crops(sampler, 3).map(({ values }) => values.join()));
    expect([...seen].sort()).toEqual(['0,0,0,0,1,2,3', '0,0,0,1,2,3,4', '2,3,4,5,6,7,8', '8,9,10,11,11,11,11']);
    sampler.dispose();
  });

  it('takes the label from the centre slice even at the ends of a scan, unless the book is reproduced', async () => {
    const labels = async (compat: SamplerOptions['compat']) => {
      // Only slice 0 is labelled; a stack shifted into the scan has slice 3 in its middle.
      const sampler = await createSampler([scan('a', [0])], options({ augment: still, negatives: 0, compat }));
      sampler.startEpoch(1);
      const [first] = crops(sampler, 1);
      sampler.dispose();
      return [first!.values.join(), first!.label];
    };
    expect(await labels({})).toEqual(['0,0,0,0,1,2,3', 49]);
    expect(await labels({ edgeMismatch: true })).toEqual(['0,1,2,3,4,5,6', 49]);
    expect(await labels({ edgeMismatch: true, shiftedLabel: true })).toEqual(['0,1,2,3,4,5,6', 0]);
  });

  it('reproduces the book with one stack per nodule, which begins at an even slice', async () => {
    const stacks = async (slices: number[]) => {
      const compat = { annotatedSliceOnly: true };
      const sampler = await createSampler([scan('a', slices)], options({ augment: still, negatives: 0, compat }));
      sampler.startEpoch(1);
      const shown = [sampler.counts.positiveCrops, ...new Set(crops(sampler, 2).map(({ values }) => values.join()))];
      sampler.dispose();
      return shown;
    };
    expect(await stacks([5, 6, 7])).toEqual([1, '2,3,4,5,6,7,8']);
    expect(await stacks([6, 7])).toEqual([1, '2,3,4,5,6,7,8']);
  });

  it('has the given number of context slices', async () => {
    const sampler = await createSampler([scan('a', [5])], options({ augment: still, negatives: 0, contextSlices: 1 }));
    sampler.startEpoch(1);
    expect(crops(sampler, 1)[0]?.values).toEqual([4, 5, 6]);
    sampler.dispose();
  });

  it('keeps a nodule in the window even in the corner of a scan', async () => {
    const sampler = await createSampler([scan('a', [5], 3, 3, 2)], options({ augment: still, negatives: 0 }));
    sampler.startEpoch(1);
    for (const { label } of crops(sampler, 4)) expect(label).toBe(25);
    sampler.dispose();
  });

  it('has the given fraction of crops without a nodule, and none of them shows one', async () => {
    const sampler = await createSampler(
      [scan('a', [5, 6]), scan('b', [4])],
      options({ augment: still, negatives: 0.5 }),
    );
    sampler.startEpoch(1);
    // The first background point of scan a is beside its nodule in a labelled slice, so it is skipped.
    expect(sampler.counts).toEqual({ nodules: 2, positiveCrops: 3, negativeCrops: 6, hardCrops: 0 });
    const labels = crops(sampler, 4).map(({ label }) => label);
    expect(labels.filter((label) => label === 0)).toHaveLength(16);
    expect(labels.filter((label) => label === 49)).toHaveLength(16);
    sampler.dispose();
  });

  it('shows each size class equally often', async () => {
    const small = ['a', 'b', 'c', 'd', 'e'].map((uid) => scan(uid, [3]));
    const large = scan('f', [6, 7, 8]);
    large.nodules[0]!.diameterMm = 25;
    const sampler = await createSampler(
      [...small, large],
      options({ augment: still, negatives: 0, balance: 'size', samples: 64 }),
    );
    sampler.startEpoch(1);
    expect(crops(sampler, 8).filter(({ values }) => values[3]! >= 6)).toHaveLength(32);
    sampler.dispose();
  });

  it('cuts the given fraction of negatives at hard points, except where a nodule shows', async () => {
    const points = new Map([['a', [[100, 100, 9] as never, [60, 60, 5] as never, [999, 0, 0] as never]]]);
    const sampler = await createSampler(
      [scan('a', [5])],
      options({ augment: still, negatives: 0.5, hardNegatives: 0.5 }),
      'cpu',
      points,
    );
    expect(sampler.counts.hardCrops).toBe(1);
    sampler.startEpoch(1);
    expect(crops(sampler, 4).filter(({ values, label }) => label === 0 && values[3] === 9)).toHaveLength(8);
    sampler.dispose();
  });

  it('refuses hard points that give no crop', async () => {
    await expect(createSampler([scan('a', [5])], options({}), 'cpu', new Map())).rejects.toThrow(
      /found no crop at a hard point in the training scans, expected a fraction of 0\.5 of the crops/,
    );
  });

  it('repeats slices at random to hide the ends of a scan, by default in crops around a nodule', async () => {
    const seen = async (slices: number[], hideEdges?: 'on' | 'off') => {
      const sampler = await createSampler(
        [scan('a', slices)],
        options({ augment: still, negatives: 0, samples: 512, ...(hideEdges && { hideEdges }) }),
      );
      sampler.startEpoch(1);
      const stacks = new Set(crops(sampler, 64).map(({ values }) => values.join()));
      const hides = sampler.hidesEdges;
      sampler.dispose();
      return { hides, stacks };
    };
    const inside = await seen([5]);
    expect({ hides: inside.hides, stacks: [...inside.stacks] }).toEqual({ hides: false, stacks: ['2,3,4,5,6,7,8'] });
    const hidden = await seen([5], 'on');
    expect(hidden.stacks.size).toBe(16);
    expect(hidden.stacks).toContain('4,4,4,5,6,7,7');
    expect((await seen(Array.from({ length: 12 }, (_, i) => i))).hides).toBe(true);
    expect(
      (
        await seen(
          Array.from({ length: 12 }, (_, i) => i),
          'off',
        )
      ).hides,
    ).toBe(false);
  });

  it('cuts the same slices for every batch size', async () => {
    const drawn = async (batch: number) => {
      const sampler = await createSampler(
        [scan('a', [0, 5])],
        options({ batch, samples: 32, hideEdges: 'on', negatives: 0.25 }),
      );
      sampler.startEpoch(3);
      const all = crops(sampler, 32 / batch);
      sampler.dispose();
      return all;
    };
    expect(await drawn(4)).toEqual(await drawn(16));
  });

  it('shows each nodule equally often, or each slice', async () => {
    const shareOfLarge = async (balance: 'nodule' | 'slice') => {
      const scans = [scan('a', [3, 4, 5, 6, 7, 8, 9]), scan('b', [0])];
      const sampler = await createSampler(scans, options({ augment: still, negatives: 0, balance, samples: 64 }));
      sampler.startEpoch(1);
      const large = crops(sampler, 8).filter(({ values }) => values[3] !== 0).length;
      sampler.dispose();
      return large / 64;
    };
    expect(await shareOfLarge('nodule')).toBe(0.5);
    expect(await shareOfLarge('slice')).toBe(7 / 8);
  });

  it('clips to the range of HU before and after noise', async () => {
    const clipped = { huLow: -300, huHigh: -100, augment: { ...still, noise: 50 }, negatives: 0 };
    const sampler = await createSampler([scan('a', [5])], options(clipped));
    sampler.startEpoch(1);
    const values = scope(() => Float32Array.from(sampler.next().image.data() as Float32Array));
    expect(values.every((value) => value >= -300 && value <= -100)).toBe(true);
    expect(new Set(values).size).toBeGreaterThan(100);
    sampler.dispose();
  });
});

describe('an epoch', () => {
  it('differs from the next and repeats for the same seed, for every batch size', async () => {
    const scans = [scan('a', [3, 4, 5]), scan('b', [7])];
    const run = async (batch: number, seed: number, epoch: number) => {
      const sampler = await createSampler(scans, options({ batch, seed, samples: 8 }));
      sampler.startEpoch(epoch);
      const parts = Array.from({ length: 8 / batch }, () => scope(() => sampler.next().image.toArray() as unknown[]));
      sampler.dispose();
      return parts.flat();
    };
    const first = await run(8, 1, 1);
    expect(await run(2, 1, 1)).toEqual(first);
    expect(await run(8, 1, 2)).not.toEqual(first);
    expect(await run(8, 2, 1)).not.toEqual(first);
  });

  const scans = [scan('a', [3, 4, 5]), scan('b', [7], 40, 90, 5)];
  const samples = 37;

  /**
   * Runs an epoch and returns the SHA-256 of image and label of the counted and of the repeated crops, and the step
   * counts of a constant model.
   */
  const wholeEpoch = async (batch: number, given: SamplerOptions = {}) => {
    const sampler = await createSampler(scans, options({ batch, samples, hideEdges: 'on', ...given }));
    const counts = new StepCounts('cpu', 0.5);
    sampler.startEpoch(2);
    const crops: string[] = [];
    const again: string[] = [];
    for (let n = 0; n < sampler.batchesPerEpoch; n++)
      scope(() => {
        const { image, mask, counted } = sampler.next();
        const probability = image.narrow(1, 3, 1).div(2000).add(0.5);
        counts.add(probability, mask, probability.sub(mask).pow(2).flatten(1).mean(1), counted);
        for (const [i, counts] of (counted.toArray() as boolean[]).entries()) {
          const hash = createHash('sha256');
          for (const tensor of [image, mask]) hash.update(tensor.select(0, i).contiguous().data() as Float32Array);
          (counts ? crops : again).push(hash.digest('hex'));
        }
      });
    const read = counts.read();
    counts.tensor.dispose();
    sampler.dispose();
    return { crops, again, read };
  };

  it('gives bit-identical crops in the same order for batches of 1, 3, 16 and 64, and counts each once', async () => {
    const one = await wholeEpoch(1);
    expect(one.crops).toHaveLength(samples);
    expect(new Set(one.crops).size).toBe(samples);
    for (const batch of [3, 16, 64]) {
      const { crops, again, read } = await wholeEpoch(batch);
      expect(crops).toEqual(one.crops);
      // The last batch continues with the epoch's first crops.
      expect(again).toEqual(Array.from({ length: again.length }, (_, i) => one.crops[i % samples]));
      expect(again).toHaveLength((batch - (samples % batch)) % batch);
      const { loss, positiveLoss, ...figures } = read;
      expect(figures).toEqual({ ...one.read, loss: undefined, positiveLoss: undefined });
      expect(figures).toMatchObject({ samples, pixels: samples * 64 * 64 });
      expect(loss).toBeCloseTo(one.read.loss, 10);
      expect(positiveLoss).toBeCloseTo(one.read.positiveLoss, 10);
    }
  });

  it('gives the last batch one transform if batches have one, and otherwise the same crops', async () => {
    const transforms = async (batch: number) => {
      const sampler = await createSampler(scans, options({ batch, samples: 10, compat: { batchTransform: true } }));
      sampler.startEpoch(1);
      const all = Array.from({ length: 2 }, () => batches(sampler, 1)[0]!);
      const names = sampler.sources(0, 2 * batch).map(({ uid, slice }) => `${uid} ${slice}`);
      sampler.dispose();
      return { all, names };
    };
    const { all, names } = await transforms(8);
    expect(names.slice(10)).toEqual(names.slice(0, 6));
    // Crops 0 and 10 are the same crop; only the transforms of their batches differ.
    const crop = (batch: number, at: number) => all[batch]!.slice(at * 7 * 64 * 64, (at + 1) * 7 * 64 * 64);
    expect(crop(1, 2)).not.toEqual(crop(0, 0));
    const still = { flip: false, flipSlices: false, offset: 0, scale: 0, rotate: false };
    const unmoved = await createSampler(
      scans,
      options({ batch: 8, samples: 10, augment: still, compat: { batchTransform: true } }),
    );
    unmoved.startEpoch(1);
    const [first, last] = [batches(unmoved, 1)[0]!, batches(unmoved, 1)[0]!];
    expect(last.slice(2 * 7 * 64 * 64, 3 * 7 * 64 * 64)).toEqual(first.slice(0, 7 * 64 * 64));
    unmoved.dispose();
  });

  it('reports the scan, the slice and the nodule of each crop', async () => {
    const sampler = await createSampler(scans, options({ augment: still, samples: 32, batch: 8 }));
    sampler.startEpoch(1);
    const sources = sampler.sources(0, 32);
    for (const [i, { values, label }] of crops(sampler, 4).entries()) {
      expect(sources[i]?.slice).toBe(values[3]);
      expect(sources[i]?.nodule).toBe(label > 0 ? 1 : null);
      if (label > 0) expect(sources[i]?.uid).toBe(label === 49 ? 'a' : 'b');
    }
    expect(sampler.sources(30, 4).slice(2)).toEqual(sources.slice(0, 2));
    sampler.dispose();
  });

  it('continues from a saved state', async () => {
    const scans = [scan('a', [3, 4, 5]), scan('b', [7])];
    const one = await createSampler(scans, options());
    one.startEpoch(3);
    const uninterrupted = batches(one, 4);
    const two = await createSampler(scans, options());
    two.startEpoch(3);
    expect(batches(two, 2)).toEqual(uninterrupted.slice(0, 2));
    const state = JSON.parse(JSON.stringify(two.state()));
    two.dispose();
    const three = await createSampler(scans, options());
    three.restore(state);
    expect(batches(three, 2)).toEqual(uninterrupted.slice(2));
    one.dispose();
    three.dispose();
  });

  it('leaks nothing: the same memory after the tenth as after the first, none after dispose', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const before = memory();
    const sampler = await createSampler([scan('a', [5])], options());
    const after: number[] = [];
    for (let epoch = 1; epoch <= 10; epoch++) {
      scope(() => sampler.startEpoch(epoch));
      crops(sampler, sampler.batchesPerEpoch);
      after.push(memory().bytes.cpu, memory().handles);
    }
    expect(after.slice(-2)).toEqual(after.slice(0, 2));
    sampler.dispose();
    // Views of tensor memory are released in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });
});

describe('a sampler refuses', () => {
  it('what it cannot do, with what was expected', async () => {
    const none = { ...scan('a', []), nodules: [] };
    await expect(createSampler([none], options())).rejects.toThrow(
      'found no crop with a nodule in the training scans, expected a fraction of 0.75 of the crops. Check the',
    );
    const full = { ...scan('a', [5]), background: [] };
    await expect(createSampler([full], options())).rejects.toThrow(
      'found no crop without a nodule in the training scans, expected a fraction of 0.25',
    );
    await expect(createSampler([none], options({ cropSize: 128 }))).rejects.toThrow(
      'cropSize is 128, expected at most planeSize, which is 96',
    );
    const other = scan('b', [5]);
    other.volume = { ...other.volume, intensity: 'arbitrary' };
    await expect(createSampler([scan('a', [5]), other], options())).rejects.toThrow(
      'the values of scan b are arbitrary, expected hu as in scan a. Train on scans of one kind.',
    );
    const sampler = await createSampler([scan('a', [5])], options());
    expect(() => sampler.next()).toThrow('no epoch was started. Call startEpoch first.');
    sampler.dispose();
  });
});
