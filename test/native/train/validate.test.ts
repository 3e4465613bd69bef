import { describe, expect, it } from 'vitest';
import { nearestIndex, synthesize } from '../../../dist/index.js';
import { fromData, losses, type Tensor, zeros } from '../../../dist/torch/index.js';
import { StepCounts } from '../../../dist/train/parts/stepCounts.js';
import { validate } from '../../../dist/train/validation/validate.js';

const scanOf = (seed: number) => {
  const { volume, mask, nodules } = synthesize({ seed, size: [40, 150, 146], spacing: [2, 2, 3.5], nodules: 3 });
  return {
    volume,
    mask,
    nodules: nodules.map(({ center, diameterMm, voxels }) => {
      const [i, r, c] = nearestIndex(volume, center);
      const at = [i, r, c] as const;
      return { center: at, centerLps: center, diameterMm, voxels, box: { low: at, high: at }, slices: [] };
    }),
    background: [],
  };
};

const scan = scanOf(3);

/** Validates a rule that returns a predicted plane for each of the slices `first … first + count - 1`. */
const validateRule = (rule: (slice: number) => Uint8Array, more: object = {}) => {
  const [, rows, columns] = scan.volume.shape;
  let slice = 0;
  const net = {
    forward(image: Tensor) {
      const [count, , height, width] = image.shape as [number, number, number, number];
      const out = zeros([count, 1, height, width]);
      for (let n = 0; n < count; n++)
        out
          .select(0, n)
          .narrow(1, 0, rows)
          .narrow(2, 0, columns)
          .copy_(fromData(Float32Array.from(rule(slice++)), [1, rows, columns]));
      return out;
    },
  };
  return validate({
    scans: async function* () {
      yield scan;
    },
    model: {
      net,
      ...{ device: 'cpu', contextSlices: 1, sizeMultiple: 4, input: { kind: 'hu-clip', low: -1000, high: 1000 } },
    },
    criterion: (probability, mask) => losses.dice(probability, mask),
    counts: new StepCounts('cpu', 0.5),
    threshold: 0.5,
    minimumVoxels: 1,
    positiveSlicesOnly: false,
    pictured: 2,
    onSlices: () => {},
    stopRequested: () => false,
    ...more,
  });
};
const size = () => scan.volume.shape[1] * scan.volume.shape[2];
const label = (slice: number) => scan.mask.subarray(slice * size(), (slice + 1) * size());

describe('validate', () => {
  it('gives an oracle perfect scores over pixels and in 3D', async () => {
    const found = await validateRule(label);
    expect(found?.metrics).toMatchObject({ precision: 1, recall: 1, f1: 1 });
    expect(found?.nodules).toMatchObject({ nodules: 3, found: 3, falsePerScan: 0, dice3d: 1, quality: 1, scans: 1 });
  });

  it.each([
    ['paints everything', () => new Uint8Array(size()).fill(1)],
    ['predicts nothing', () => new Uint8Array(size())],
    [
      "marks one voxel in each nodule's middle",
      (slice: number) => {
        const plane = new Uint8Array(size());
        for (const { center } of scan.nodules)
          if (center[0] === slice) plane[center[1] * scan.volume.shape[2] + center[2]] = 1;
        return plane;
      },
    ],
  ])('scores a rule that %s below one that roughly finds half of the nodules', async (_, rule) => {
    const [cheap, rough] = [await validateRule(rule), await validateRule(halfOfTheNodules)];
    expect(cheap?.nodules.quality ?? 0).toBeLessThan(rough?.nodules.quality as number);
  });

  it('lets a rule that predicts every pixel win by pixel recall, the fault `selectByRecall`', async () => {
    const everything = await validateRule(() => new Uint8Array(size()).fill(1));
    const rough = await validateRule(halfOfTheNodules);
    expect(everything?.metrics.recall).toBe(1);
    expect(rough?.metrics.recall as number).toBeLessThan(0.8);
    expect(everything?.nodules.quality as number).toBeLessThan((rough?.nodules.quality as number) / 10);
  });

  it('finds components in 3D: a nodule through many slices is one', async () => {
    const found = await validateRule(label);
    const slices = Array.from({ length: scan.volume.shape[0] }, (_, slice) => label(slice).includes(1)).filter(Boolean);
    expect(slices.length).toBeGreaterThan(6);
    expect(found?.nodules).toMatchObject({ found: 3, falsePerScan: 0, missed: 0, dice3dPooled: 1 });
  });

  it('shows the same slices with nodules every time', async () => {
    const [first, second] = [await validateRule(label), await validateRule(() => new Uint8Array(size()))];
    const tags = first?.pictures.map(({ tag }) => tag) ?? [];
    const kinds = ['context', 'label', 'prediction', 'error', 'whole slice'];
    expect(tags.map((tag) => tag.split('/')[1])).toEqual([...kinds, ...kinds]);
    expect(second?.pictures.map(({ tag }) => tag)).toEqual(tags);
    expect(tags[0]).toMatch(/^validation phantom-3 slice \d+\/context$/);
  });

  it('shows windows of 64 pixels enlarged, the context as a grid, and errors in the colours of the legend', async () => {
    const [right, empty] = [await validateRule(label), await validateRule(() => new Uint8Array(size()))];
    const shown = (validation: typeof right, kind: string) =>
      validation?.pictures.find(({ tag }) => tag.endsWith(`/${kind}`))?.image as NonNullable<
        typeof right
      >['pictures'][number]['image'];
    const sizeOf = (kind: string) => [shown(right, kind).width, shown(right, kind).height];
    expect(sizeOf('error')).toEqual([256, 256]);
    expect(sizeOf('whole slice')).toEqual([146, 150]);
    // Three slices in a grid of two by two, with gaps of two pixels.
    expect(sizeOf('context')).toEqual([134, 134]);
    const colours = ({ rgb }: { rgb: Uint8Array }) => {
      let [yellow, green, red] = [0, 0, 0];
      for (let at = 0; at < rgb.length; at += 3) {
        const [r, g] = [rgb[at] as number, rgb[at + 1] as number];
        if (r !== g && r > g) red++;
        if (r !== g && g > r) green++;
        if (r === g && r !== rgb[at + 2]) yellow++;
      }
      return { yellow: yellow > 0, green: green > 0, red: red > 0 };
    };
    expect(colours(shown(right, 'error'))).toEqual({ yellow: true, green: false, red: false });
    expect(colours(shown(empty, 'error'))).toEqual({ yellow: false, green: true, red: false });
    expect(shown(empty, 'prediction').rgb.every((value) => value === 0)).toBe(true);
    expect(shown(right, 'prediction').rgb).toContain(255);
  });

  it('counts the pixels of the rule at each threshold', async () => {
    const curve = (await validateRule(label))?.precisionRecall;
    const labelled = scan.mask.reduce((sum, value) => sum + value, 0);
    expect(curve?.truePositives.slice(1)).toEqual(Array(200).fill(labelled));
    expect(curve?.falsePositives[0]).toBe(scan.mask.length - labelled);
    expect(curve?.falsePositives[1]).toBe(0);
  });

  it('drops components of too few voxels', async () => {
    const found = await validateRule(label, { minimumVoxels: 100_000 });
    expect(found?.nodules).toMatchObject({ found: 0, falsePerScan: 0, dice3d: 0 });
  });

  it('validates only slices with a nodule with the fault `positiveSlicesOnly`', async () => {
    let slices = 0;
    await validateRule(() => new Uint8Array(size()), {
      positiveSlicesOnly: true,
      onSlices: (_: number, done: number) => {
        slices = done;
      },
    });
    const positive = Array.from({ length: scan.volume.shape[0] }, (_, slice) => label(slice).includes(1));
    expect(slices).toBe(positive.filter(Boolean).length);
  });

  it('returns null if a stop was requested', async () => {
    expect(await validateRule(label, { stopRequested: () => true })).toBeNull();
  });
});

/** Two of three nodules, each shifted by a column. */
function halfOfTheNodules(slice: number): Uint8Array {
  const columns = scan.volume.shape[2];
  const plane = new Uint8Array(size());
  const lost = scan.nodules[0]!.center;
  label(slice).forEach((value, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const near = Math.hypot((slice - lost[0]) * 2, row - lost[1], column - lost[2]) < 6;
    if (value === 1 && !near) plane[at + 1] = 1;
  });
  return plane;
}
