import { describe, expect, it } from 'vitest';
import {
  CudaGraph,
  fromData,
  losses,
  manualSeed,
  memory,
  nn,
  op,
  optim,
  scope,
  setDeterministic,
  type Tensor,
  zeros,
} from '../../dist/torch/index.js';
import { StepCounts } from '../../dist/train/parts/stepCounts.js';
import { trainingStep } from '../../dist/train/step.js';
import { capturedSteps } from '../../dist/train/steps/capturedSteps.js';
import { plainSteps } from '../../dist/train/steps/stepRunner.js';
import { skipNote, whyNoGpu } from '../support/gpu.js';
import { random } from '../support/random.js';

const reason = whyNoGpu();
const device = 'cuda';

const withGraph = (use: (graph: CudaGraph) => void) => {
  const graph = new CudaGraph();
  try {
    use(graph);
  } finally {
    graph.dispose();
  }
};

describe.skipIf(reason !== null)(`CudaGraph${skipNote(reason)}`, { timeout: 120_000 }, () => {
  it('records without running, and runs the recording at each replay', () =>
    scope(() =>
      withGraph((graph) => {
        const total = zeros([1], { device });
        const work = () => scope(() => void total.add_(1));
        graph.warmUp(work);
        expect(total.item()).toBe(1);
        graph.record(work);
        expect(total.item()).toBe(1);
        graph.replay(5);
        expect(total.item()).toBe(6);
      }),
    ));

  it('returns a tensor that each replay overwrites', () =>
    scope(() =>
      withGraph((graph) => {
        const input = zeros([3], { device });
        const output = graph.record(() => input.mul(2).add(1));
        input.fill_(4);
        graph.replay();
        expect(output.toArray()).toEqual([9, 9, 9]);
      }),
    ));

  it('refuses to record a read of a value, and the device stays usable', () =>
    scope(() =>
      withGraph((graph) => {
        const input = zeros([3], { device });
        expect(() => graph.record(() => input.sum().item())).toThrow(/captur/);
        expect(input.add(1).sum().item()).toBe(3);
        expect(() => graph.replay()).toThrow('captured nothing');
      }),
    ));

  it('frees its memory', () => {
    const before = memory().bytes.cuda;
    for (let n = 0; n < 3; n++)
      scope(() =>
        withGraph((graph) => {
          const output = graph.record(() => zeros([1 << 20], { device }).add(1));
          graph.replay();
          expect(output.select(0, 0).item()).toBe(1);
        }),
      );
    expect(memory().bytes.cuda).toBe(before);
  });
});

describe.skipIf(reason !== null)(`the training step on a GPU${skipNote(reason)}`, { timeout: 120_000 }, () => {
  const rates = Array.from({ length: 64 }, (_, step) => Math.fround(1e-3 * (1 + Math.cos((Math.PI * step) / 64))));

  const setUp = () => {
    manualSeed(1);
    const [planes, size, batch, window] = [20, 96, 16, 64];
    const next = random(9);
    const owned = {
      image: fromData(
        Int16Array.from({ length: planes * size * size }, () => Math.floor(next() * 2000) - 1000),
        [planes, size, size],
      ).to(device),
      label: fromData(
        Uint8Array.from({ length: size * size }, (_, i) => Number(Math.hypot((i % size) - 48, i / size - 48) < 9)),
        [1, size, size],
      ).to(device),
      table: fromData(
        Int32Array.from({ length: 12 * 8 }, (_, i) => (i % 8 === 7 ? 0 : Math.floor(i / 8) + (i % 8))),
        [12, 8],
      ).to(device),
      draws: (
        op('nodule::draw_epoch')(
          fromData(BigInt64Array.of(0n, 6n, 12n)),
          fromData(BigInt64Array.of(12n)),
          fromData(new Int32Array(24).fill(48), [12, 2]),
          256,
          {
            seed: 1,
            epoch: 1,
            rows: size,
            columns: size,
            window,
            negativeShare: 0,
            flip: true,
            flipSlices: true,
            offset: 0.1,
            scale: 0.2,
            rotate: true,
            noise: 25,
          },
        ) as Tensor
      ).to(device),
      cursor: zeros([1], { dtype: 'int64', device }),
    };
    const net = nn.unet({
      inChannels: 7,
      classes: 1,
      depth: 3,
      wf: 4,
      padding: true,
      batchNorm: true,
      inputNorm: true,
      sigmoid: true,
    });
    net.to(device);
    const adam = optim.adam(net.parameters());
    const counts = new StepCounts(device, 0.5);
    const sampler = {
      next() {
        const { image, label, table, draws, cursor } = owned;
        const [made, mask] = op('nodule::crop_augment')(
          image,
          label,
          table,
          draws,
          cursor,
          batch,
          window,
          -1000,
          1000,
        ) as [Tensor, Tensor];
        return { image: made, mask };
      },
    };
    const criterion = (probability: Tensor, mask: Tensor) => losses.dice(probability, mask);
    const parts = { sampler, net, criterion, optimizer: adam, counts };
    const state = () =>
      scope(() =>
        [...net.stateDict().values(), ...adam.stateDict().values(), counts.tensor].map((t) => t.to('cpu').toArray()),
      );
    return { parts, adam, state };
  };

  it('captured is bit-identical to the plain step over 40 steps', () => {
    setDeterministic(true);
    const plain = setUp();
    const one = trainingStep(plain.parts);
    plainSteps((step) => {
      plain.adam.lr = rates[step] as number;
      one();
    }).run(0, 40);
    const captured = setUp();
    withGraph((graph) => {
      const runner = capturedSteps({ ...captured.parts, rated: captured.parts.optimizer, device, rates, graph });
      for (const [first, steps] of [
        [0, 1],
        [1, 2],
        [3, 1],
        [4, 36],
      ] as const)
        runner.run(first, steps);
    });
    expect(captured.state()).toEqual(plain.state());
    setDeterministic(false);
  });

  it('leaks nothing, plain or replayed', () => {
    const { parts } = setUp();
    const step = trainingStep(parts);
    for (let n = 0; n < 3; n++) step();
    const before = memory();
    for (let n = 0; n < 20; n++) step();
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
    withGraph((graph) => {
      const runner = capturedSteps({ ...parts, rated: parts.optimizer, device, rates, graph });
      runner.run(0, 5);
      const recorded = memory();
      runner.run(5, 50);
      expect(memory()).toMatchObject({ handles: recorded.handles, bytes: recorded.bytes });
    });
  });
});
