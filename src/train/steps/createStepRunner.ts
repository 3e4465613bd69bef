import { CudaGraph, type Device, type Tensor } from '../../torch/index.js';
import type { Training } from '../session/session.js';
import type { StepParts } from '../step.js';
import { accumulatedStep } from './accumulatedStep.js';
import { capturedSteps } from './capturedSteps.js';
import { clippedOptimizer } from './clippedOptimizer.js';
import { guardedStep } from './guardedStep.js';
import { plainSteps, type StepRunner } from './stepRunner.js';
import { withPrecision } from './withPrecision.js';

/**
 * Creates the training step of a run: `trainingStep` with everything that the configuration adds. Each addition wraps
 * the parts below it. This is the order, from the inside out:
 *
 * 1. `loadBatches` (in `openTraining`): the user's augmentation around the sampler
 * 2. `withPrecision` around the network: convolutions in bf16
 * 3. `clippedOptimizer` around the optimizer: clips the gradients just before they are applied
 * 4. `guardedStep` around sampler, loss and optimizer: checks the loss and the unclipped gradients, and undoes a bad
 *    step
 * 5. `accumulatedStep` around all of these: several batches per step, so that guard and clipping see their mean
 *    gradient
 * 6. the learning rate before the step and the moving average of the weights after it
 *
 * With `captureSteps`, `capturedSteps` takes the place of 5 and 6.
 */
export function createStepRunner(session: Training): StepRunner {
  const { config, device, stepsPerEpoch, optimizer, average, counts, net } = session;
  const parameters = net.parameters();
  const skips = config.onNan === 'skip';
  const buffers = skips ? networkBuffers(net) : [];
  const { parts, bad } = guardedStep(createStepParts(session), { device, parameters, counts, buffers });
  if (!config.captureSteps) {
    const step = accumulatedStep(parts, parameters, config.accumulate);
    return plainSteps((number) => {
      optimizer.lr = session.learningRateAt(number);
      step();
      average?.update(number, skips ? bad : undefined);
    });
  }
  const steps = config.epochs * stepsPerEpoch;
  return capturedSteps({
    ...parts,
    rated: optimizer,
    device,
    rates: Array.from({ length: steps }, (_, step) => session.learningRateAt(step)),
    graph: new CudaGraph(device as Exclude<Device, 'cpu'>),
  });
}

/** Returns the parts of a run's step with the wrappers 1 to 3 of {@link createStepRunner}, without the guard. */
export function createStepParts({ config, batches, net, criterion, optimizer, counts, device }: Training): StepParts {
  return {
    sampler: batches,
    net: withPrecision(net, config.precision, device),
    criterion,
    optimizer: config.clipNorm > 0 ? clippedOptimizer(optimizer, net.parameters(), config.clipNorm) : optimizer,
    counts,
  };
}

/** Tensors of a network's state that are not parameters, such as the running statistics of batch norm. */
function networkBuffers(net: Training['net']): Tensor[] {
  const learned = net.namedParameters();
  return [...net.stateDict()].filter(([name]) => !learned.has(name)).map(([, buffer]) => buffer);
}
