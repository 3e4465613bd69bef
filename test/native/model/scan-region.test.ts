import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lungMask, type Volume } from '../../../dist/ct/index.js';
import { synthesize } from '../../../dist/index.js';
import { receptiveRadius } from '../../../dist/model/scan/receptiveRadius.js';
import { chooseScanRegion, type RegionKind } from '../../../dist/model/scan/scanRegion.js';
import type { ScanModel } from '../../../dist/model/scanModel.js';
import { scanProbabilities } from '../../../dist/model/scanProbabilities.js';
import { segmentScan } from '../../../dist/model/segmentScan.js';
import { fromData, manualSeed, memory, nn, noGrad, ops, type Tensor } from '../../../dist/torch/index.js';
import { buildVolume } from '../../support/volume.js';

const nets: nn.Module[] = [];
afterAll(() => {
  for (const net of nets) net.dispose();
});

function modelOf(depth: number, options: nn.UNetOptions = {}): ScanModel {
  manualSeed(11);
  const net = nn.unet({
    inChannels: 3,
    classes: 1,
    depth,
    wf: 2,
    padding: true,
    batchNorm: true,
    inputNorm: true,
    sigmoid: true,
    ...options,
  });
  net.eval();
  nets.push(net);
  return {
    net,
    contextSlices: 1,
    input: { kind: 'hu-clip', low: -1000, high: 1000 },
    sizeMultiple: 2 ** (depth - 1),
    radius: receptiveRadius(depth, options.upMode),
    device: 'cpu',
  };
}

const point = { threshold: 0.5, minimumVoxels: 1, minimumScore: 0 };

describe('the region of a scan', () => {
  let volume: Volume;
  beforeAll(() => {
    // 250 rows and 254 columns are no multiple of 4 or 8.
    volume = crop(synthesize({ seed: 3, size: [8, 256, 256], spacing: [1.4, 1.4, 30] }).volume, 250, 254);
  });

  it.each([
    ['depth 3, max pooling', 3, { pooling: 'max' }],
    ['depth 3, average pooling', 3, { pooling: 'avg' }],
    ['depth 4', 4, {}],
    ['depth 3, bilinear upsampling', 3, { upMode: 'upsample' }],
  ] as const)('changes nothing inside and leaves 0 outside: %s', async (_, depth, options) => {
    const model = modelOf(depth, options);
    for (const kind of ['lungs', 'body'] as const) {
      const { boxes } = chooseScanRegion(volume, kind);
      const [part, whole] = [
        await scanProbabilities(volume, model, { region: kind }),
        await scanProbabilities(volume, model, { region: 'all' }),
      ];
      const { most, outside, inside } = compare(volume, boxes, part, whole);
      expect(inside).toBeGreaterThan(20_000);
      expect(outside).toBe(0);
      expect(most).toBeLessThan(2e-6);
    }
  });

  it('reads exactly as far as the receptive radius', () => {
    for (const [depth, upMode] of [
      [2, 'upconv'],
      [3, 'upconv'],
      [4, 'upconv'],
      [3, 'upsample'],
    ] as const) {
      const plain = { inChannels: 1, pooling: 'avg', batchNorm: false, inputNorm: false, sigmoid: false } as const;
      const model = modelOf(depth, { ...plain, upMode });
      // With positive weights, whatever the network reads changes its output.
      for (const { tensor } of (model.net as nn.Module).entries()) noGrad(() => ops.abs_(tensor));
      const radius = receptiveRadius(depth, upMode);
      const multiple = 2 ** (depth - 1);
      const [from, side] = [Math.ceil(radius / multiple + 1) * multiple, 256];
      const run = (changed: number) => {
        const image = Float32Array.from({ length: side }, (_, c) => ((c * 37) % 11) / 11 + (c === changed ? 50 : 0));
        const rows = Float32Array.from({ length: side * 16 }, (_, at) => image[at % side]!);
        const out = model.net.forward(fromData(rows, [1, 1, 16, side]));
        return Float32Array.from(out.data() as Float32Array).subarray(8 * side + from, 8 * side + from + multiple);
      };
      // The left edge of an aligned area does not see the pixel beyond the radius, whatever it is.
      expect(run(from - radius - 1)).toEqual(run(-1));
      expect(run(from - radius)).not.toEqual(run(-1));
    }
  });

  it('does not depend on the slices per forward pass', async () => {
    const model = modelOf(3);
    const [one, many] = [
      await scanProbabilities(volume, model, { batch: 1 }),
      await scanProbabilities(volume, model, { batch: 8 }),
    ];
    expect(many.every((value, at) => (value === 0) === (one[at] === 0))).toBe(true);
    expect(furthest(many, (at) => one[at]!)).toBeLessThan(2e-6);
  });

  it('has room for nodules at the pleura: 10 mm beyond the lungs', () => {
    const { boxes } = chooseScanRegion(volume, 'lungs');
    const lungs = lungMask(volume);
    const [, rows, columns] = volume.shape;
    for (const [slice, box] of boxes.entries()) {
      const plane = lungs.subarray(slice * rows * columns, (slice + 1) * rows * columns);
      const first = plane.indexOf(1);
      if (first < 0) expect(box).toBeNull();
      else expect(box!.top).toBe(Math.max(Math.floor(first / columns) - Math.ceil(10 / 1.4), 0));
    }
    // Slices 4 mm apart: two more on either side.
    const near = chooseScanRegion({ ...volume, spacing: [1.4, 1.4, 4] }, 'lungs').boxes;
    expect(near.filter((box) => box !== null).length).toBeGreaterThanOrEqual(
      boxes.filter((box) => box !== null).length,
    );
  });

  it.each([
    ['arbitrary intensities', { intensity: 'arbitrary' as const }, /not HU/],
    ['unknown spacing', { spacing: null }, /spacing is unknown/],
    ['no lungs', { voxels: new Int16Array(8 * 250 * 254).fill(40) }, /no lungs/],
  ])('is the whole scan, with a note, for %s', (_, change, note) => {
    const region = chooseScanRegion({ ...volume, ...change }, 'lungs');
    expect(region.kind).toBe('all');
    expect(region.notes).toEqual([expect.stringMatching(note)]);
    expect(region.boxes).toEqual(Array(8).fill({ top: 0, left: 0, height: 250, width: 254 }));
  });

  it('is small and empty where the scan is: one slice, few pixels', async () => {
    const model = modelOf(3);
    for (const shape of [
      [1, 1, 1],
      [1, 3, 200],
      [2, 17, 5],
    ] as const) {
      const tiny = buildVolume(shape, (i, r, c) => ((i + 3 * r + 7 * c) % 13) * 100 - 900);
      for (const region of ['lungs', 'body', 'all'] satisfies RegionKind[]) {
        const { regions, probabilities } = await segmentScan(tiny, model, point, { region, probabilities: true });
        expect(probabilities!.every(Number.isFinite)).toBe(true);
        expect(regions.reduce((sum, { positions }) => sum + positions.length, 0)).toBe(
          probabilities!.filter((value) => value > 0.5).length,
        );
      }
    }
  });
});

describe('an ensemble', () => {
  it('is the mean of its models, of slices and of windows, and leaves no tensor behind', async () => {
    const { volume } = synthesize({ seed: 5, size: [5, 192, 192], spacing: [1.8, 1.8, 40] });
    const slices = modelOf(3);
    const windows: ScanModel = { ...modelOf(3, { inChannels: 1 }), contextSlices: 0, input: { kind: 'minmax-window' } };
    const before = memory().handles;
    const [a, b, both] = [
      await scanProbabilities(volume, slices),
      await scanProbabilities(volume, windows),
      await scanProbabilities(volume, [slices, windows]),
    ];
    expect(memory().handles).toBe(before);
    expect(furthest(both, (at) => (a[at]! + b[at]!) / 2)).toBeLessThan(1e-6);
    expect(both.some((value) => value > 0)).toBe(true);
  });

  it('gives the regions of its mean, with the number of candidates', async () => {
    const { volume } = synthesize({ seed: 5, size: [5, 192, 192], spacing: [1.8, 1.8, 40] });
    const found = await segmentScan(volume, [modelOf(3), modelOf(3)], point, { probabilities: true });
    const alone = await segmentScan(volume, modelOf(3), point);
    expect(found.regions).toEqual(alone.regions);
    expect(found.candidates).toBe(found.regions.length);
    expect(alone.probabilities).toBeUndefined();
    expect(found.region).toMatchObject({ kind: 'lungs' });
  });
});

describe('a scan that stops', () => {
  const constant = (value: number): ScanModel => ({
    net: { forward: (image: Tensor) => image.narrow(1, 0, 1).mul(0).add(value) },
    contextSlices: 0,
    input: { kind: 'hu-clip', low: -1000, high: 1000 },
    sizeMultiple: 1,
    device: 'cpu',
  });

  it('within one batch when aborted, also before it starts', async () => {
    const volume = buildVolume([40, 8, 8], -800);
    const stop = new AbortController();
    let passes = 0;
    const model = constant(0.5);
    const forward = (image: Tensor) => {
      passes++;
      return model.net.forward(image);
    };
    const counting: ScanModel = { ...model, net: { forward } };
    setImmediate(() => stop.abort());
    await expect(segmentScan(volume, counting, point, { batch: 2, signal: stop.signal })).rejects.toThrow('aborted');
    expect(passes).toBe(1);
    await expect(segmentScan(volume, counting, point, { signal: stop.signal })).rejects.toThrow('aborted');
    expect(passes).toBe(1);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('with an error when the network returns %f', async (value) => {
    const volume = buildVolume([3, 8, 8], -800);
    await expect(segmentScan(volume, constant(value), point)).rejects.toMatchObject({
      code: 'scan-not-finite',
      message: expect.stringContaining('slice 0'),
    });
  });
});

const furthest = (found: Float32Array, expected: (at: number) => number) =>
  found.reduce((most, value, at) => Math.max(most, Math.abs(value - expected(at))), 0);

/** Cuts the first rows and columns of each slice. */
function crop(volume: Volume, rows: number, columns: number): Volume {
  const [slices, , wide] = volume.shape;
  const size = volume.shape[1] * wide;
  return buildVolume([slices, rows, columns], (i, r, c) => volume.voxels[i * size + r * wide + c]!, {
    spacing: volume.spacing,
  });
}

/** Largest difference inside the boxes, largest probability outside them, and the number of voxels inside. */
function compare(
  { shape: [slices, rows, columns] }: Volume,
  boxes: ReturnType<typeof chooseScanRegion>['boxes'],
  part: Float32Array,
  whole: Float32Array,
) {
  const found = { most: 0, outside: 0, inside: 0 };
  for (let at = 0; at < slices * rows * columns; at++) {
    const box = boxes[Math.floor(at / (rows * columns))];
    const [r, c] = [Math.floor(at / columns) % rows, at % columns];
    if (box && r >= box.top && c >= box.left && r < box.top + box.height && c < box.left + box.width) {
      found.inside++;
      found.most = Math.max(found.most, Math.abs(part[at]! - whole[at]!));
    } else found.outside = Math.max(found.outside, part[at]!);
  }
  return found;
}
