import { CudaGraph, type Device, type Tensor } from '../../torch/index.js';
import type { Training } from '../session/session.js';
import type { StepParts } from '../step.js';
import { accumulatedStep } from './accumulatedStep.js';
import { capturedSteps } from './capturedSteps.js';
import { clippedOptimizer } from './clippedOptimizer.js';
import { guardedStep } from './guardedStep.js';
import { plainSteps, type StepRunner } from './stepRunner.js';
import { withPrecision } from './withPrecision.js';

/** The training step of a run with all that its configuration puts around it. */
export function createStepRunner(session: Training): StepRunner {
  const { config, device, stepsPerEpoch, optimizer, average, counts, net } = session;
  const total = config.epochs * stepsPerEpoch;
  const parameters = net.parameters();
  const skips = config.onNan === 'skip';
  const { parts, bad } = guardedStep(createStepParts(session), {
    ...{ device, parameters, counts },
    buffers: skips ? networkBuffers(net) : [],
  });
  if (!config.captureSteps) {
    const step = accumulatedStep(parts, parameters, config.accumulate);
    return plainSteps((number) => {
      optimizer.lr = session.learningRateAt(number);
      step();
      average?.update(number, skips ? bad : undefined);
    });
  }
  const rates = Array.from({ length: total }, (_, step) => session.learningRateAt(step));
  return capturedSteps({
    ...parts,
    rated: optimizer,
    device,
    rates,
    graph: new CudaGraph(device as Exclude<Device, 'cpu'>),
  });
}

/** What a run's step is made of, without the guard around it. */
export function createStepParts(session: Training): StepParts {
  const { config, net, optimizer, device } = session;
  return {
    ...session,
    sampler: session.batches,
    net: withPrecision(net, config.precision, device),
    optimizer: config.clipNorm > 0 ? clippedOptimizer(optimizer, net.parameters(), config.clipNorm) : optimizer,
  };
}

/** What a network keeps beside what it learns. */
function networkBuffers(net: Training['net']): Tensor[] {
  const learned = net.namedParameters();
  return [...net.stateDict()].filter(([name]) => !learned.has(name)).map(([, buffer]) => buffer);
}
