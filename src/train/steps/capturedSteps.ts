import { type CudaGraph, type Device, keep, op, type optim, scope, tensor, zeros } from '../../torch/index.js';
import { type StepParts, trainingStep } from '../step.js';
import type { StepRunner } from './stepRunner.js';

/** Steps that run as they are before one is recorded; they count as steps. */
const WARM_UPS = 3;
const MOST_SECONDS = 0.1;
const MOST_STEPS = 1000;

export interface CapturedStepParts extends StepParts {
  /** The optimizer itself, whose rate a checkpoint says; `optimizer` may be one around it. */
  rated: Pick<optim.Optimizer, 'lr'>;
  device: Device;
  /** Learning rate of every step of the run; rounded to float32, as the recorded optimizer reads it on the device. */
  rates: readonly number[];
  graph: Pick<CudaGraph, 'warmUp' | 'record' | 'replay'>;
  /** Clock in milliseconds that times a replay; `performance.now` by default. */
  now?: () => number;
}

/**
 * The training step, recorded once as a CUDA graph and replayed many times in one native call. All that changes from
 * step to step lies in tensors that stay where they are: the learning rates in a table with a position that the step
 * itself advances, as the sampler's cursor is.
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
  const recordable = () =>
    scope(() => {
      owned.rate.copy_(pick(owned.table, 0, owned.position));
      step();
      owned.position.add_(1);
    });
  let done = 0;
  let recorded = false;
  let expected = -1;
  const runner = {
    atOnce: 1,
    run(first: number, steps: number) {
      if (first !== expected) owned.position.fill_(first);
      expected = first + steps;
      // A checkpoint says the learning rate of its last step.
      rated.lr = rates[expected - 1] as number;
      let left = steps;
      for (; left > 0 && done < WARM_UPS; left--, done++) graph.warmUp(recordable);
      if (left === 0) return;
      if (!recorded) graph.record(recordable);
      recorded = true;
      const startedAt = now();
      graph.replay(left);
      const each = (now() - startedAt) / 1000 / left;
      runner.atOnce = Math.max(1, Math.min(MOST_STEPS, Math.floor(MOST_SECONDS / each)));
    },
  };
  return runner;
}
