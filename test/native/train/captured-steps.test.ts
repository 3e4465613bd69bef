import { describe, expect, it } from 'vitest';
import {
  CudaGraph,
  cuda,
  fromData,
  manualSeed,
  memory,
  nn,
  op,
  optim,
  scope,
  type Tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { StepCounts } from '../../../dist/train/parts/stepCounts.js';
import { trainingStep } from '../../../dist/train/step.js';
import { capturedSteps } from '../../../dist/train/steps/capturedSteps.js';
import { plainSteps } from '../../../dist/train/steps/stepRunner.js';

const rates = Array.from({ length: 40 }, (_, step) => Math.fround(0.01 * (1 + Math.cos((Math.PI * step) / 40))));

/** A small run in which everything that changes from step to step is in tensors, as in training. */
function smallRun() {
  manualSeed(5);
  const net = nn.sequential(nn.conv2d(1, 4, 3, { padding: 1 }), nn.batchNorm2d(4), nn.conv2d(4, 1, 1), nn.sigmoid());
  const adam = optim.adam(net.parameters(), { lr: 1 });
  const counts = new StepCounts('cpu', 0.5);
  const data = fromData(
    Float32Array.from({ length: 16 * 64 }, (_, i) => Math.sin(i * i)),
    [16, 1, 8, 8],
  );
  const cursor = zeros([1], { dtype: 'int64' });
  const pick = op('aten::index_select');
  const sampler = {
    next() {
      const image = pick(data, 0, cursor) as Tensor;
      cursor.copy_(cursor.add(1).mul(5).sub(cursor.mul(4)).sub(4).clamp(0, 15));
      return { image, mask: image.gt(0).to('float32') };
    },
  };
  const criterion = (probability: Tensor, mask: Tensor) => probability.sub(mask).pow(2).flatten(1).mean(1);
  const parts = { sampler, net, criterion, optimizer: adam, counts };
  const state = () => scope(() => [...net.stateDict().values(), counts.tensor].map((tensor) => tensor.toArray()));
  return { parts, adam, state };
}

/** Behaves as a graph on a GPU: capturing runs nothing, a replay runs the captured step. */
function countingGraph(onReplay: (times: number) => void = () => {}) {
  let recorded: (() => unknown) | undefined;
  const seen = { warmUps: 0, recordings: 0, replays: [] as number[] };
  return {
    seen,
    warmUp<T>(fn: () => T): T {
      seen.warmUps++;
      return fn();
    },
    record<T>(fn: () => T): T {
      seen.recordings++;
      recorded = fn;
      return undefined as T;
    },
    replay(times = 1) {
      seen.replays.push(times);
      onReplay(times);
      for (let n = 0; n < times; n++) recorded?.();
    },
  };
}

const plainly = (steps: number) => {
  const { parts, adam, state } = smallRun();
  const one = trainingStep(parts);
  plainSteps((step) => {
    adam.lr = rates[step] as number;
    one();
  }).run(0, steps);
  return state();
};

describe('captured steps', () => {
  it('have the results of plain steps, in whatever pieces they run; the first three run eagerly', () => {
    for (const pieces of [[20], [1, 1, 1, 17], [2, 7, 11], [5, 5, 5, 5]]) {
      const { parts, state } = smallRun();
      const graph = countingGraph();
      const runner = capturedSteps({ ...parts, rated: parts.optimizer, device: 'cpu', rates, graph });
      let first = 0;
      for (const steps of pieces) {
        runner.run(first, steps);
        first += steps;
      }
      expect(state()).toEqual(plainly(20));
      expect(graph.seen).toMatchObject({ warmUps: 3, recordings: 1 });
      expect(graph.seen.replays.reduce((sum, times) => sum + times)).toBe(17);
    }
  });

  it('continue with the learning rate of a given step, as in a resumed run', () => {
    const { parts, adam, state } = smallRun();
    const one = trainingStep(parts);
    plainSteps((step) => {
      adam.lr = rates[step] as number;
      one();
    }).run(0, 8);
    capturedSteps({ ...parts, rated: parts.optimizer, device: 'cpu', rates, graph: countingGraph() }).run(8, 12);
    expect(state()).toEqual(plainly(20));
    expect(adam.lr).toBe(rates[19]);
  });

  it('run more steps per call once the time of one is known', () => {
    for (const [msPerStep, atOnce] of [
      [3, 33],
      [0.75, 133],
      [150, 1],
      [0.001, 1000],
      [0, 1000],
    ] as const) {
      const { parts } = smallRun();
      let clock = 5000;
      const graph = countingGraph((times) => {
        clock += times * msPerStep;
      });
      const given = { ...parts, rated: parts.optimizer, device: 'cpu', rates, graph, now: () => clock } as const;
      const runner = capturedSteps(given);
      expect(runner.atOnce).toBe(1);
      runner.run(0, 2);
      expect(runner.atOnce, 'nothing has been replayed yet').toBe(1);
      // The first of these is the third step, which runs as it is: 17 are replayed and timed.
      runner.run(2, 18);
      expect(runner.atOnce, `${msPerStep} ms per step`).toBe(atOnce);
    }
  });

  it('leak no tensor', () => {
    const { parts } = smallRun();
    const runner = capturedSteps({ ...parts, rated: parts.optimizer, device: 'cpu', rates, graph: countingGraph() });
    runner.run(0, 5);
    const before = memory();
    runner.run(5, 30);
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });
});

describe('an optimizer with its learning rate in a tensor', () => {
  it.each(['adam', 'adamW', 'sgd'] as const)('%s steps as with the same number in its options', (rule) => {
    const train = (inTensor: boolean) =>
      scope(() => {
        const parameter = fromData(Float32Array.from([1, -2, 3]), [3], { requiresGrad: true });
        const optimizer = optim[rule]([parameter], { lr: inTensor ? 1 : 0.25 });
        const rate = fromData(Float32Array.of(0.25));
        for (let n = 0; n < 4; n++) {
          optimizer.zeroGrad();
          parameter.pow(2).sum().backward();
          optimizer.step(undefined, inTensor ? rate : undefined);
        }
        return parameter.toArray();
      });
    expect(train(true)).toEqual(train(false));
  });

  it('rejects a tensor that is not a single float32 number', () =>
    scope(() => {
      const parameter = fromData(Float32Array.of(1), [1], { requiresGrad: true });
      parameter.pow(2).sum().backward();
      expect(() => optim.adam([parameter]).step(undefined, zeros([2]))).toThrow('expected one float32 number');
    }));
});

it('a CUDA graph without CUDA throws an error with the reason', () => {
  let thrown: unknown;
  try {
    new CudaGraph().dispose();
  } catch (error) {
    thrown = error;
  }
  expect(thrown === undefined).toBe(cuda.isAvailable());
  if (thrown !== undefined)
    expect(thrown).toMatchObject({
      code: 'cuda-missing',
      message: expect.stringMatching(/new CudaGraph\('cuda'\): \w+/),
    });
});
