import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { lungMask, readVolume, type Shape3, type Volume, voxelCount } from '../../../dist/ct/index.js';
import { synthesize } from '../../../dist/index.js';
import type { InputTransform } from '../../../dist/model/modelDescription.js';
import { openModel } from '../../../dist/model/openModel.js';
import { saveModel } from '../../../dist/model/saveModelFile.js';
import { chooseScanRegion } from '../../../dist/model/scan/scanRegion.js';
import { coveringWindows, scaleWindow } from '../../../dist/model/scan/windowGrid.js';
import { type WindowOptions, windowPlanes } from '../../../dist/model/scan/windowPlanes.js';
import type { ScanModel } from '../../../dist/model/scanModel.js';
import { scanProbabilities } from '../../../dist/model/scanProbabilities.js';
import { manualSeed, memory, nn, type Tensor } from '../../../dist/torch/index.js';
import { scratchFolder } from '../../support/scratch.js';
import { sharedData } from '../../support/shared.js';
import { buildVolume } from '../../support/volume.js';

const volumeOf = (shape: Shape3, hu: (at: number) => number): Volume =>
  buildVolume(
    shape,
    Int16Array.from({ length: voxelCount(shape) }, (_, at) => hu(at)),
    { spacing: [1, 1, 2] },
  );

/** Reproducible noise without structure between voxels or slices. */
const noise = (at: number) => ((Math.imul(at, 2654435761) >>> 8) % 1500) - 1000;

/** Whether rows and columns are reversed. */
const FOUR = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

const nets: nn.Module[] = [];
// Disposed here, because the garbage collector could free them while a later test counts handles.
afterEach(() => {
  for (const net of nets.splice(0)) net.dispose();
});

const modelOf = (contextSlices: number): ScanModel => {
  manualSeed(5);
  const net = nn.unet({
    inChannels: 2 * contextSlices + 1,
    classes: 1,
    depth: 3,
    wf: 2,
    padding: true,
    batchNorm: true,
    inputNorm: true,
    sigmoid: true,
  });
  net.eval();
  nets.push(net);
  return { net, contextSlices, input: { kind: 'minmax-window' }, sizeMultiple: 4, device: 'cpu' };
};

/** Returns its input, 0…1. */
const identity: ScanModel = {
  contextSlices: 0,
  input: { kind: 'minmax-window' },
  sizeMultiple: 1,
  device: 'cpu',
  net: { forward: (image: Tensor) => image.div(255) } as unknown as nn.Module,
};

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let most = 0;
  for (let at = 0; at < a.length; at++) most = Math.max(most, Math.abs(a[at]! - b[at]!));
  return most;
};

/** Runs every window of a scan. */
function everyWindow(scan: Volume, model: ScanModel, options: WindowOptions = {}): Float32Array {
  const out = new Float32Array(scan.voxels.length);
  let slice = 0;
  for (const plane of windowPlanes(scan, model, chooseScanRegion(scan, 'all'), options))
    out.set(plane!, slice++ * scan.shape[1] * scan.shape[2]);
  return out;
}

/** Cuts one window of a scan in the form such models are trained on. */
function cropOf(scan: Volume, top: number, left: number): Volume {
  const [slices] = scan.shape;
  const values = new Float32Array(slices * 128 * 128);
  for (let slice = 0; slice < slices; slice++)
    scaleWindow(scan, slice, { top, left, height: 128, width: 128 }, values.subarray(slice << 14, (slice + 1) << 14));
  return { ...scan, shape: [slices, 128, 128], voxels: Int16Array.from(values), intensity: 'arbitrary', spacing: null };
}

describe('a model of 8-bit windows on a scan in HU', () => {
  it.each([0, 1])('computes each window of a scan like the crop alone, with %i slices of context', async (context) => {
    const model = modelOf(context);
    // Contrast differs from quarter to quarter and from slice to slice, so that each must be scaled by itself.
    const scan = volumeOf([3, 256, 256], (at) => {
      const [slice, quarter] = [at >> 16, ((at >> 15) & 1) + 2 * ((at >> 7) & 1)];
      return Math.round((noise(at) * (1 + quarter)) / (4 + slice)) - 100 * quarter;
    });
    const whole = everyWindow(scan, model, { stride: 128 });
    for (const [top, left] of [
      [0, 0],
      [0, 128],
      [128, 128],
    ] as const) {
      const alone = await scanProbabilities(cropOf(scan, top, left), model);
      const here = Float32Array.from(alone, (_, at) => {
        const [slice, r, c] = [at >> 14, (at >> 7) & 127, at & 127];
        return whole[(slice << 16) + ((top + r) << 8) + left + c]!;
      });
      expect(furthest(here, alone)).toBeLessThan(1e-5);
    }
  });

  it('averages overlapping windows, with weights that fall from the middle to the edges', async () => {
    const scan = volumeOf([1, 192, 128], noise);
    const found = everyWindow(scan, identity);
    const scaled = [0, 64].map((top) => {
      const out = new Float32Array(128 * 128);
      scaleWindow(scan, 0, { top, left: 0, height: 128, width: 128 }, out);
      return out;
    }) as [Float32Array, Float32Array];
    // Row 70 is row 70 of the first window, 57.5 from its nearer edge, and row 6 of the second one.
    const [first, second] = [scaled[0][70 * 128 + 9]! / 255, scaled[1][6 * 128 + 9]! / 255];
    expect(found[70 * 128 + 9]).toBeCloseTo((57.5 * first + 6.5 * second) / 64, 6);
    // At the border only one window counts, however small its weight.
    expect(found[0]).toBeCloseTo(scaled[0][0]! / 255, 6);
    expect(found.at(-1)).toBeCloseTo(scaled[1].at(-1)! / 255, 6);
  });

  it('covers every pixel of a slice of any size', () => {
    for (const [rows, columns] of [
      [512, 512],
      [500, 131],
      [128, 129],
      [60, 300],
    ] as const) {
      const covered = new Uint8Array(rows * columns);
      for (const { top, left, height, width } of coveringWindows(rows, columns, 64)) {
        expect(top + height <= rows && left + width <= columns).toBe(true);
        for (let r = top; r < top + height; r++) covered.fill(1, r * columns + left, r * columns + left + width);
      }
      expect(covered.includes(0)).toBe(false);
    }
    expect(coveringWindows(512, 512, 64)).toHaveLength(49);
  });

  it('treats a smaller slice as one window, and a constant window as 0', async () => {
    const small = volumeOf([2, 50, 70], noise);
    const [found, out] = [everyWindow(small, identity), new Float32Array(3500)];
    scaleWindow(small, 1, { top: 0, left: 0, height: 50, width: 70 }, out);
    expect(
      furthest(
        found.subarray(3500),
        out.map((value) => value / 255),
      ),
    ).toBeLessThan(1e-6);
    expect([Math.min(...out), Math.max(...out)]).toEqual([0, 255]);
    const probabilities = everyWindow(small, modelOf(1));
    expect(probabilities.every((value) => value > 0 && value < 1)).toBe(true);
    const constant = everyWindow(
      volumeOf([1, 130, 130], () => -850),
      identity,
    );
    expect(constant.every((value) => value === 0)).toBe(true);
  });

  it('skips windows without lungs, changes nothing inside the lungs, and leaves no tensor behind', async () => {
    const { volume } = synthesize({ seed: 3, size: [10, 256, 256], spacing: [1.4, 1.4, 24] });
    const model = identity;
    const before = memory().handles;
    const [some, all] = [await scanProbabilities(volume, model), everyWindow(volume, model)];
    expect(memory().handles).toBe(before);
    const lungs = lungMask(volume);
    let [inside, skipped, most] = [0, 0, 0];
    for (let at = 0; at < lungs.length; at++) {
      if (some[at] === 0) skipped++;
      if (lungs[at] === 0) continue;
      inside++;
      most = Math.max(most, Math.abs(some[at]! - all[at]!));
    }
    expect(inside).toBeGreaterThan(50_000);
    expect(skipped).toBeGreaterThan(0);
    expect(most).toBeLessThan(1e-6);
  });
});

describe('mirror averaging', () => {
  const folder = scratchFolder('mirror');

  const saved = (input: InputTransform): string => {
    const { net } = modelOf(0);
    const file = path.join(folder, `${input.kind}.safetensors`);
    const network = { inChannels: 1, classes: 1, depth: 3, wf: 2, padding: true, batchNorm: true, inputNorm: true };
    saveModel(file, net as nn.Module, {
      network: { ...network, sigmoid: true, pooling: 'max' },
      contextSlices: 0,
      input,
      sizeMultiple: 4,
      threshold: 0.5,
      minimumVoxels: 1,
      trainedOn: [],
      flips: true,
    });
    return file;
  };
  const opened = (file: string, options: object): ScanModel => {
    const { model, net } = openModel(file, 'cpu', options);
    nets.push(net);
    return model;
  };
  const mirrored = (values: ArrayLike<number>, side: number, rows: boolean, columns: boolean) =>
    Float32Array.from(values, (_, at) => {
      const [plane, r, c] = [at - (at % side ** 2), Math.floor(at / side) % side, at % side];
      return values[plane + (rows ? side - 1 - r : r) * side + (columns ? side - 1 - c : c)]!;
    });

  it('in HU is the mean over four mirror images, by the file or the option', async () => {
    const file = saved({ kind: 'hu-clip', low: -1000, high: 1000 });
    const scan = volumeOf([1, 192, 192], noise);
    const [averaged, plain] = [
      await scanProbabilities(scan, opened(file, {})),
      await scanProbabilities(scan, opened(file, { flips: false })),
    ];
    expect(furthest(averaged, plain)).toBeGreaterThan(1e-4);
    expect(await scanProbabilities(scan, opened(file, { flips: true }))).toEqual(averaged);
    const all: Float32Array[] = [];
    for (const [rows, columns] of FOUR) {
      const voxels = Int16Array.from(mirrored(scan.voxels, 192, rows, columns));
      const found = await scanProbabilities({ ...scan, voxels }, opened(file, { flips: false }));
      all.push(mirrored(found, 192, rows, columns));
    }
    const mean = all[0]!.map((__, at) => all.reduce((sum, one) => sum + one[at]!, 0) / 4);
    expect(furthest(averaged, mean)).toBeLessThan(1e-5);
  });

  it('of 8-bit windows sees each window of a scan in one mirror image, by its place in the grid', async () => {
    const file = saved({ kind: 'minmax-window' });
    const scan = volumeOf([2, 256, 256], noise);
    // Without overlap, four windows.
    const whole = await scanProbabilities(scan, opened(file, {}), { stride: 128 });
    const one = opened(file, { flips: false });
    for (const [rows, columns] of FOUR) {
      const [top, left] = [rows ? 128 : 0, columns ? 128 : 0];
      const crop = cropOf(scan, top, left);
      const seen = { ...crop, voxels: Int16Array.from(mirrored(crop.voxels, 128, rows, columns)) };
      const alone = mirrored(await scanProbabilities(seen, one), 128, rows, columns);
      const here = alone.map((_, at) => {
        const [slice, r, c] = [at >> 14, (at >> 7) & 127, at & 127];
        return whole[(slice << 16) + ((top + r) << 8) + left + c]!;
      });
      expect(furthest(here, alone)).toBeLessThan(1e-5);
    }
    // A crop in 8 bits is seen in all four.
    const crop = cropOf(scan, 0, 0);
    const averaged = await scanProbabilities(crop, opened(file, {}));
    expect(furthest(averaged, await scanProbabilities(crop, one))).toBeGreaterThan(1e-4);
  });
});

const uid = '1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192';
const scan = sharedData('luna16', 'subset1', `${uid}.mhd`);
const crop = sharedData('lidc-nodules', 'imagesTr', 'LIDC-IDRI-0001_n0_0000.nii.gz');

describe.skipIf(scan === null || crop === null)('a real scan (skipped without ../shared/data)', () => {
  it('scaled in the window around its nodule is the 8-bit crop of that nodule, voxel by voxel', async () => {
    const whole = await readVolume(scan as string, { onNote: () => {} });
    const eightBit = await readVolume(crop as string, { intensity: 'arbitrary', onNote: () => {} });
    expect(eightBit.shape).toEqual([9, 128, 128]);
    const out = new Float32Array(128 * 128);
    for (let slice = 0; slice < 9; slice++) {
      scaleWindow(whole, 86 + slice, { top: 302, left: 252, height: 128, width: 128 }, out);
      expect(furthest(out, eightBit.voxels.subarray(slice << 14, (slice + 1) << 14))).toBe(0);
    }
  });
});
