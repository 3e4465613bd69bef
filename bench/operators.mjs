import { fromData, ops, scope, setNumThreads } from '../dist/torch/index.js';
import { answerRequests, processorSeconds } from './answer.mjs';

// Our side of the operator rows: small tensors, so that the cost of calling the operator dominates.
setNumThreads(1);
const a = fromData(Float32Array.of(0.1, 0.2, 0.3, 0.4), [2, 2]);
const b = fromData(Float32Array.of(0.5, 0.6, 0.7, 0.8), [2, 2]);
const sum = fromData(new Float32Array(4), [2, 2]);

/** Twenty operators, each on the result of the previous one. */
const chain = () => {
  let x = a;
  for (let n = 0; n < 4; n++) x = x.mm(b).add(a).sigmoid().mul(b).tanh();
  return x;
};

const works = {
  add: () => void a.add(b),
  mm: () => void a.mm(b),
  'ops.add': () => void ops.add(a, b),
  add_: () => void sum.add_(b),
  shape: () => a.shape.length,
  'shape of a new tensor': () => a.add(b).shape.length,
  'add a number': () => void a.add(1.5),
  chain: () => void chain(),
};

await answerRequests(({ work, steps }) => {
  const step = works[work];
  return () => {
    // One scope per hundred calls, as a training step has one around its operators; it frees their results.
    for (let done = 0; done < steps; done += 100)
      scope(() => {
        for (let n = 0; n < 100; n++) step();
      });
  };
}, processorSeconds);
