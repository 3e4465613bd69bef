import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { root } from '../support/paths.js';

/** Prints the largest difference between the prepared network and its layers, then the mean probability. */
const PROGRAM = `
import { manualSeed, nn, noGrad, randn } from '${root}/dist/torch/index.js';
manualSeed(5);
const options = { inChannels: 7, classes: 1, depth: 3, wf: 4, padding: true, batchNorm: true, inputNorm: true,
  pooling: 'avg', sigmoid: true };
const layers = nn.unet(options).eval();
noGrad(() => layers.entries().find(({ name }) => name === 'unet.last.weight').tensor.mul_(20));
const net = nn.unet(options);
net.loadStateDict(layers.stateDict());
net.eval().prepareInference();
noGrad(() => {
  const image = randn([1, 7, 77, 90]);
  const [found, expected] = [net.forward(image), layers.forward(image)];
  const values = [found.sub(expected).abs().max(), found.mean()];
  console.log(JSON.stringify(values.map((value) => value.item())));
});
`;

describe('the inference network', () => {
  it.each(['avx512', 'avx2', 'default'])('gives the same probabilities with the instructions of %s', (capability) => {
    const run = (env: Record<string, string>): [number, number] =>
      JSON.parse(
        execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
          env: { ...process.env, ...env },
          encoding: 'utf8',
        }),
      );
    const [difference, mean] = run({ ATEN_CPU_CAPABILITY: capability });
    expect(difference).toBeLessThan(1e-5);
    expect(mean).toBeCloseTo(run({})[1], 6);
  });
});
