import { describe, expect, it } from 'vitest';
import { manualSeed, memory, nn, optim, randn, scope, type Tensor, tensor } from '../../../dist/torch/index.js';
import { averagedWeights } from '../../../dist/train/parts/averagedWeights.js';
import { trainingStep } from '../../../dist/train/step.js';
import { accumulatedStep } from '../../../dist/train/steps/accumulatedStep.js';
import { clippedOptimizer } from '../../../dist/train/steps/clippedOptimizer.js';

const values = (tensors: Iterable<Tensor>) =>
  [...tensors].flatMap((each) => each.detach().contiguous().flatten().toArray() as number[]);
const furthest = (a: number[], b: number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

/** Step parts with a network without batch norm, in float64, and batches from a list. */
function smallRun(batches: Tensor[]) {
  manualSeed(4);
  const net = nn
    .sequential(nn.conv2d(1, 3, 3, { padding: 1 }), nn.relu(), nn.conv2d(3, 1, 1), nn.sigmoid())
    .to('float64');
  let at = 0;
  const sampler = {
    next() {
      const image = batches[at++ % batches.length]!;
      return { image, mask: image.gt(0).to('float64') };
    },
  };
  const criterion = (p: Tensor, y: Tensor) => p.sub(y).pow(2).flatten(1).mean(1);
  const optimizer = optim.sgd(net.parameters(), { lr: 0.5 });
  return { net, parts: { sampler, net, criterion, optimizer, counts: { add: () => {} } } };
}

describe('accumulated steps', () => {
  it('over four batches equal one step on all four as one batch', () => {
    manualSeed(1);
    const whole = randn([8, 1, 6, 6], { dtype: 'float64' });
    const quarters = [0, 1, 2, 3].map((i) => whole.narrow(0, 2 * i, 2));
    const one = smallRun([whole]);
    const four = smallRun(quarters);
    const step = trainingStep(one.parts);
    const accumulated = accumulatedStep(four.parts, four.net.parameters(), 4);
    for (let n = 0; n < 5; n++) {
      step();
      accumulated();
    }
    expect(furthest(values(four.net.parameters()), values(one.net.parameters()))).toBeLessThan(1e-14);
  });
});

describe('a clipped optimizer', () => {
  const gradient = () => tensor([3, 4, 12], { dtype: 'float64' });
  it.each([
    [1, [3 / 13, 4 / 13, 12 / 13]],
    [100, [3, 4, 12]],
  ])('limits the norm of the gradients over all parameters to %d', (norm, wanted) => {
    const parameters = [0, 1].map((i) => {
      const parameter = tensor(i === 0 ? [0, 0] : [0], { dtype: 'float64', requiresGrad: true });
      parameter.grad = gradient().narrow(0, i === 0 ? 0 : 2, i === 0 ? 2 : 1);
      return parameter;
    });
    clippedOptimizer(optim.sgd(parameters, { lr: 1 }), parameters, norm).step();
    // PyTorch adds 1e-6 to the norm.
    expect(
      furthest(
        values(parameters).map((value) => -value),
        wanted,
      ),
    ).toBeLessThan(2e-7);
  });

  it('ignores parameters without gradient and leaks nothing', () => {
    const parameter = tensor([1], { requiresGrad: true });
    const clipped = clippedOptimizer(optim.adam([parameter]), [parameter], 1);
    clipped.step();
    parameter.grad = tensor([1]);
    clipped.step();
    const before = memory().handles;
    scope(() => {
      clipped.step();
      clipped.zeroGrad();
    });
    // zeroGrad frees the gradient's handle.
    expect(memory().handles).toBeLessThanOrEqual(before);
  });
});

describe('averaged weights', () => {
  const options = { inChannels: 1, classes: 1, depth: 2, wf: 2, padding: true, batchNorm: true, sigmoid: true };
  it('decay by (1 + t) / (10 + t), at most by `decay`, and copy the statistics of batch norm', () => {
    manualSeed(2);
    const net = nn.unet(options);
    const average = averagedWeights(net, nn.unet(options), 0.5);
    const first = values(net.parameters());
    expect(values(average.net.parameters())).toEqual(first);
    for (const parameter of net.parameters()) parameter.detach().add_(1);
    net.forward(randn([2, 1, 8, 8]));
    average.update(0);
    expect(
      furthest(
        values(average.net.parameters()),
        first.map((value) => value + 0.9),
      ),
    ).toBeLessThan(1e-6);
    for (const parameter of net.parameters()) parameter.detach().sub_(1);
    average.update(1000);
    expect(
      furthest(
        values(average.net.parameters()),
        first.map((value) => value + 0.45),
      ),
    ).toBeLessThan(1e-6);
    const buffers = (of: nn.Module) =>
      values([...of.stateDict()].filter(([name]) => name.includes('running')).map(([, t]) => t));
    expect(buffers(average.net)).toEqual(buffers(net));
    expect(buffers(net).some((value) => value !== 0 && value !== 1)).toBe(true);
  });

  it('leak nothing', () => {
    const net = nn.unet(options);
    const average = averagedWeights(net, nn.unet(options), 0.9);
    average.update(0);
    const before = memory().handles;
    average.update(1);
    expect(memory().handles).toBe(before);
  });
});
