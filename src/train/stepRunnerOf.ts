import { autocast, CudaGraph, type Device } from '../torch/index.js';
import { accumulatedStep } from './accumulatedStep.js';
import { capturedSteps } from './capturedSteps.js';
import { clippedOptimizer } from './clippedOptimizer.js';
import { learningRate } from './learningRate.js';
import type { Session } from './session.js';
import type { StepParts } from './step.js';
import { plainSteps, type StepRunner } from './stepRunner.js';

/** The training step of a run with all that its configuration puts around it. */
export function stepRunnerOf(session: Session): StepRunner {
  const { config, device, stepsPerEpoch, optimizer, average } = session;
  const total = config.epochs * stepsPerEpoch;
  const rate = (step: number) => learningRate(config, step, total);
  const parameters = session.net.parameters();
  const parts: StepParts = {
    ...session,
    net: inPrecision(session),
    optimizer: config.clipNorm > 0 ? clippedOptimizer(optimizer, parameters, config.clipNorm) : optimizer,
  };
  if (!config.captureSteps) {
    const step = accumulatedStep(parts, parameters, config.accumulate);
    return plainSteps((number) => {
      optimizer.lr = rate(number);
      step();
      average?.update(number);
    });
  }
  const rates = Array.from({ length: total }, (_, step) => rate(step));
  return capturedSteps({
    ...parts,
    rated: optimizer,
    device,
    rates,
    graph: new CudaGraph(device as Exclude<Device, 'cpu'>),
  });
}

function inPrecision({ net, config, device }: Session): StepParts['net'] {
  if (config.precision === 'float32') return net;
  const kind = device === 'cpu' ? 'cpu' : 'cuda';
  return { forward: (image) => autocast(() => net.forward(image), { device: kind }).to('float32') };
}
