import { describe, expect, it } from 'vitest';
import { manualSeed, memory, nn, noGrad, optim, randn, scope, type Tensor, zeros } from '../../../dist/torch/index.js';
import { averagedWeights } from '../../../dist/train/parts/averagedWeights.js';
import { StepCounts } from '../../../dist/train/parts/stepCounts.js';
import { accumulatedStep } from '../../../dist/train/steps/accumulatedStep.js';
import { clippedOptimizer } from '../../../dist/train/steps/clippedOptimizer.js';
import { guardedStep } from '../../../dist/train/steps/guardedStep.js';

const shape = { inChannels: 1, classes: 1, depth: 2, wf: 2, padding: true, batchNorm: true, sigmoid: true };
type Fault = 'loss' | 'gradient' | null;

interface Way {
  rule?: 'adam' | 'adamW' | 'sgd';
  batches?: number;
  clip?: number;
  guard?: boolean;
}

/** Trains on a list of batches. A fault makes the loss infinite, or only its gradients. */
function run(faults: Fault[], { rule = 'adam', batches = 1, clip, guard = true }: Way = {}) {
  manualSeed(3);
  const net = nn.unet(shape);
  const average = averagedWeights(net, nn.unet(shape), 0.9);
  const parameters = net.parameters();
  const images = Array.from({ length: 40 }, () => randn([2, 1, 8, 8]));
  const optimizer = optim[rule](parameters, { lr: 0.01, ...(rule === 'sgd' && { momentum: 0.9 }) });
  const counts = new StepCounts('cpu', 0.5);
  const learned = net.namedParameters();
  const buffers = [...net.stateDict()].filter(([name]) => !learned.has(name)).map(([, buffer]) => buffer);
  let batch = 0;
  const plain = {
    net,
    counts,
    sampler: {
      next() {
        const image = images[batch % images.length] as Tensor;
        return { image, mask: image.gt(0).to('float32') };
      },
    },
    criterion: (p: Tensor, y: Tensor) => {
      const fault = faults[batch++];
      const each = p.sub(y).pow(2).flatten(1).mean(1);
      if (fault === 'loss') return each.div(zeros([1]));
      // sqrt is 0 at 0 and has an infinite derivative there.
      return fault === 'gradient' ? each.add(p.sub(p.detach()).flatten(1).sum(1).pow(2).sqrt()) : each;
    },
    optimizer: clip === undefined ? optimizer : clippedOptimizer(optimizer, parameters, clip),
  };
  const { parts, bad } = guard
    ? guardedStep(plain, { device: 'cpu', parameters, buffers, counts })
    : { parts: plain, bad: undefined };
  const step = accumulatedStep(parts, parameters, batches);
  const state = () => {
    const named = new Map<string, Tensor>([...net.stateDict(), ...optimizer.stateDict()]);
    for (const [name, tensor] of average.net.stateDict()) named.set(`average.${name}`, tensor);
    return noGrad(() => scope(() => Object.fromEntries([...named].map(([name, t]) => [name, t.detach().toArray()]))));
  };
  let number = 0;
  const once = () => {
    step();
    average.update(number++, bad);
  };
  return { once, state, counts, steps: (n: number) => Array.from({ length: n }).forEach(once) };
}

describe('a step whose loss or gradient is not finite', () => {
  const ways: Way[] = [{}, { rule: 'adamW' }, { rule: 'sgd' }, { batches: 2 }, { clip: 0.1 }];
  it.each(ways.flatMap((way) => (['loss', 'gradient'] as const).map((fault) => [fault, way] as const)))(
    'leaves weights, moments, averages and what batch norm counts as they were: %s, %j',
    (fault, way) => {
      const batches = way.batches ?? 1;
      const { once, state, counts, steps } = run([...Array(3 * batches).fill(null), fault], way);
      steps(3);
      const before = state();
      once();
      expect(state()).toEqual(before);
      expect(counts.read()).toMatchObject({ steps: 4, badSteps: 1, firstBad: 4, lastBad: 4 });
      once();
      expect(state()).not.toEqual(before);
      expect(counts.read()).toMatchObject({ steps: 5, badSteps: 1 });
      expect(JSON.stringify(state())).not.toContain('null');
    },
  );

  it.each(['adam', 'adamW', 'sgd'] as const)('may be the first one of %s', (rule) => {
    const { once, counts, steps, state } = run(['gradient'], { rule });
    once();
    steps(2);
    expect(counts.read()).toMatchObject({ steps: 3, badSteps: 1, firstBad: 1 });
    expect(JSON.stringify(state())).not.toContain('null');
  });
});

describe('the guard', () => {
  it.each([{}, { rule: 'sgd' }, { batches: 2, clip: 0.1 }] as Way[])(
    'changes no bit where all is finite: %j',
    (way) => {
      const [one, other] = [run([], way), run([], { ...way, guard: false })];
      one.steps(5);
      other.steps(5);
      expect(one.state()).toEqual(other.state());
      expect(one.counts.read()).toMatchObject({ steps: 5, badSteps: 0, firstBad: 0 });
    },
  );

  it('leaks no tensor', () => {
    const { once, steps } = run([null, null, 'loss']);
    steps(3);
    const before = memory().handles;
    once();
    expect(memory().handles).toBe(before);
  });
});
