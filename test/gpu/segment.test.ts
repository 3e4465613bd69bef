import { describe, expect, it } from 'vitest';
import { openModel, type SegmentResult, segment, synthesize } from '../../dist/index.js';
import { skipNote, whyNoGpu } from '../support/gpu.js';

const reason = whyNoGpu();

describe.skipIf(reason !== null)(`segmenting on a GPU${skipNote(reason)}`, { timeout: 300_000 }, () => {
  it.each(['phantom-hu', 'default'])(
    'gives the probabilities of the CPU within 0.02 (TF32), 1e-3 for 999 of 1,000 voxels: %s',
    async (name) => {
      const { volume } = synthesize({ seed: 5, size: [24, 192, 192], spacing: [1.6, 1.6, 5] });
      const on = async (device: string) => {
        await using model = await openModel(name, { device });
        let result: SegmentResult | undefined;
        for await (const event of segment(volume, model, { probabilities: true }))
          if (event.type === 'result') result = event.result;
        return result!;
      };
      const [cpu, gpu] = [await on('cpu'), await on('cuda')];
      const differences = cpu.probabilities!.map((value, at) => Math.abs(value - gpu.probabilities![at]!)).sort();
      expect(differences.at(-1)).toBeLessThan(0.02);
      expect(differences[Math.floor(0.999 * differences.length)]).toBeLessThan(1e-3);
      expect(gpu.provenance).toMatchObject({ device: 'cuda', key: cpu.provenance.key });
    },
  );
});
