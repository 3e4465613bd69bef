import { createInterface } from 'node:readline';
import { fromData, ops, scope, setNumThreads } from '../dist/torch/index.js';

/** Our side of the operator rows: small tensors, so that what counts is the way to the operator. Speaks as bench/side.mjs wants. */
setNumThreads(1);
const a = fromData(Float32Array.of(0.1, 0.2, 0.3, 0.4), [2, 2]);
const b = fromData(Float32Array.of(0.5, 0.6, 0.7, 0.8), [2, 2]);
const sum = fromData(new Float32Array(4), [2, 2]);

/** Twenty operators, each on the result of the one before. */
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

console.log(JSON.stringify({ node: process.version }));
for await (const line of createInterface({ input: process.stdin })) {
  const { work, steps } = JSON.parse(line);
  const run = works[work];
  // Processor time, of all threads: another program's turn on this core is not ours, the collector's threads are.
  const start = process.cpuUsage();
  // A scope for every hundred, as a training step has one around its operators; it frees what they made.
  for (let done = 0; done < steps; done += 100)
    scope(() => {
      for (let n = 0; n < 100; n++) run();
    });
  const { user, system } = process.cpuUsage(start);
  console.log(JSON.stringify({ seconds: (user + system) / 1e6 }));
}
