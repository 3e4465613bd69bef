import { beforeAll, describe, expect, it } from 'vitest';
import type { Volume } from '../../../dist/ct/index.js';
import type { ScanModel } from '../../../dist/model/scanModel.js';
import { scanProbabilities } from '../../../dist/model/scanProbabilities.js';
import { segmentScan } from '../../../dist/model/segmentScan.js';
import { fromData, manualSeed, memory, nn, noGrad, scope } from '../../../dist/torch/index.js';
import { buildVolume } from '../../support/volume.js';

const shape = [9, 30, 38] as const;

const volumeOf = (values: (at: number) => number, change: Partial<Volume> = {}): Volume =>
  buildVolume(
    shape,
    Int16Array.from({ length: 9 * 30 * 38 }, (_, at) => values(at)),
    { spacing: [1, 1, 2], ...change },
  );

describe('segmenting a whole scan', () => {
  const volume = volumeOf((at) => ((at * 7919) % 4001) - 2000);
  let model: ScanModel;
  beforeAll(() => {
    manualSeed(3);
    const net = nn.unet({
      inChannels: 3,
      classes: 1,
      depth: 3,
      wf: 2,
      padding: true,
      batchNorm: true,
      inputNorm: true,
      sigmoid: true,
    });
    net.eval();
    const input = { kind: 'hu-clip', low: -1000, high: 1000 } as const;
    model = { net, contextSlices: 1, input, sizeMultiple: 4, device: 'cpu' };
  });

  /** Computes one slice directly, padded from 30 × 38 to 32 × 40 by repeating the edges. */
  const byHand = (slice: number) =>
    scope(() => {
      const [height, width] = [32, 40];
      const image = new Float32Array(3 * height * width);
      for (let channel = 0; channel < 3; channel++)
        for (let r = 0; r < height; r++)
          for (let c = 0; c < width; c++) {
            const from = Math.min(Math.max(slice + channel - 1, 0), 8);
            const hu = volume.voxels[(from * 30 + Math.min(r, 29)) * 38 + Math.min(c, 37)] as number;
            image[(channel * height + r) * width + c] = Math.max(-1000, Math.min(1000, hu));
          }
      const out = noGrad(() => model.net.forward(fromData(image, [1, 3, height, width])));
      return Float32Array.from({ length: 30 * 38 }, (_, at) => {
        const [r, c] = [Math.floor(at / 38), at % 38];
        return (out.data() as Float32Array)[r * width + c] as number;
      });
    });

  it('computes each voxel from its slice with its neighbours, with edges repeated', async () => {
    const probabilities = await scanProbabilities(volume, model, { batch: 4 });
    expect(probabilities).toHaveLength(9 * 30 * 38);
    for (const slice of [0, 4, 8]) {
      const own = probabilities.subarray(slice * 30 * 38, (slice + 1) * 30 * 38);
      const want = byHand(slice);
      expect(Math.max(...own.map((value, at) => Math.abs(value - (want[at] as number))))).toBeLessThan(2e-5);
    }
  });

  it('does not depend on the slices per forward pass, and leaves no tensor behind', async () => {
    const before = memory().handles;
    const one = await scanProbabilities(volume, model, { batch: 1 });
    const many = await scanProbabilities(volume, model, { batch: 9 });
    expect(Math.max(...one.map((value, at) => Math.abs(value - (many[at] as number))))).toBeLessThan(2e-5);
    expect(memory().handles).toBe(before);
  });

  it('applies scale and offset to stored values', async () => {
    const halved = volumeOf((at) => (((at * 7919) % 4001) - 2000) / 2 - 100, { scale: 2, offset: 200 });
    const even = volumeOf((at) => Math.trunc((((at * 7919) % 4001) - 2000) / 2 - 100) * 2 + 200);
    expect(await scanProbabilities(halved, model)).toEqual(await scanProbabilities(even, model));
  });

  it('reports progress, and stops between batches when aborted', async () => {
    const seen: number[] = [];
    await scanProbabilities(volume, model, { batch: 4, onProgress: (done) => seen.push(done) });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const stop = new AbortController();
    const stopped = scanProbabilities(volume, model, { batch: 4, onProgress: () => stop.abort(), signal: stop.signal });
    await expect(stopped).rejects.toThrow('aborted');
  });

  it('makes nodules of the voxels above the threshold', async () => {
    const point = { threshold: 0.5, minimumVoxels: 1, minimumScore: 0 };
    const { probabilities, regions } = await segmentScan(volume, model, point, { probabilities: true });
    const above = probabilities!.filter((value) => value > 0.5).length;
    expect(regions.reduce((sum, { positions }) => sum + positions.length, 0)).toBe(above);
  });

  it('refuses a scan that is not in HU', async () => {
    const arbitrary = volumeOf(() => 0, { intensity: 'arbitrary' });
    await expect(scanProbabilities(arbitrary, model)).rejects.toMatchObject({ code: 'scan-intensity' });
  });
});
