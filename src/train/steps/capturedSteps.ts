import { type CudaGraph, type Device, keep, op, type optim, scope, tensor, zeros } from '../../torch/index.js';
import { type StepParts, trainingStep } from '../step.js';
import type { StepRunner } from './stepRunner.js';

/** Steps that run eagerly before one is captured, as PyTorch recommends. They are steps of the run. */
const WARM_UPS = 3;
/** Longest replay in one call: Ctrl-C and progress wait for it. */
const MAX_SECONDS = 0.1;
const MAX_STEPS = 1000;

export interface CapturedStepParts extends StepParts {
  /** The optimizer itself, whose learning rate a checkpoint records; `optimizer` may be a wrapper around it. */
  rated: Pick<optim.Optimizer, 'lr'>;
  device: Device;
  /** Learning rate of every step of the run. The captured optimizer reads it on the device, rounded to float32. */
  rates: readonly number[];
  graph: Pick<CudaGraph, 'warmUp' | 'record' | 'replay'>;
  /** Clock in milliseconds that times a replay; `performance.now` by default. */
  now?: () => number;
}

/**
 * Captures the training step once as a CUDA graph and replays it many times in one native call. Everything that changes
 * from step to step is in tensors at fixed addresses: the learning rates are a table, and the step itself advances the
 * position in it, as it does with the sampler's cursor.
 */
export function capturedSteps(options: CapturedStepParts): StepRunner {
  const { device, rates, graph, rated, now = () => performance.now(), ...parts } = options;
  const { optimizer } = parts;
  const pick = op('aten::index_select');
  const owned = scope(() => {
    const table = tensor(rates, { device });
    return { table, position: zeros([1], { dtype: 'int64', device }), rate: zeros([1], { device }) };
  });
  Object.values(owned).forEach(keep);
  const step = trainingStep({
    ...parts,
    optimizer: { zeroGrad: () => optimizer.zeroGrad(), step: () => optimizer.step(undefined, owned.rate) },
  });
  const capturable = () =>
    scope(() => {
      owned.rate.copy_(pick(owned.table, 0, owned.position));
      step();
      owned.position.add_(1);
    });
  let done = 0;
  let captured = false;
  let expected = -1;
  const runner = {
    atOnce: 1,
    run(first: number, steps: number) {
      if (first !== expected) owned.position.fill_(first);
      expected = first + steps;
      // A checkpoint records the learning rate of its last step.
      rated.lr = rates[expected - 1] as number;
      let left = steps;
      for (; left > 0 && done < WARM_UPS; left--, done++) graph.warmUp(capturable);
      if (left === 0) return;
      if (!captured) graph.record(capturable);
      captured = true;
      const startedAt = now();
      graph.replay(left);
      const each = (now() - startedAt) / 1000 / left;
      runner.atOnce = Math.max(1, Math.min(MAX_STEPS, Math.floor(MAX_SECONDS / each)));
    },
  };
  return runner;
}
