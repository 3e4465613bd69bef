// The program that scripts/dev/valgrind.mjs runs under Valgrind. Small, as everything is fifty times slower there.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import * as torch from '../../dist/torch/index.js';

const { fromData, fromShared, losses, memory, nn, noGrad, ones, op, ops, optim, rand, scope, tensor } = torch;

const expect = (what, passed) => {
  console.log(`${passed ? 'passed' : 'FAILED'}: ${what}`);
  if (!passed) process.exitCode = 1;
};

const before = memory();

scope(() => {
  const a = fromData(Float32Array.from([1, 2, 3, 4]), [2, 2]);
  expect('arithmetic', a.add(1).mul(a).t().mm(a).sum().item() > 0);
  expect('arrays', JSON.stringify(a.toArray()) === '[[1,2],[3,4]]');
  expect('multiple results', ops.topk(a, 1).length === 2);
  expect('named arguments', ops.sum(a, [0], { keepdim: true }).shape.length === 2);
  expect('lists of tensors', ops.cat([a, a]).shape[0] === 4);
});

scope(() => {
  const a = ones([100]);
  const view = a.data();
  a.add_(1);
  expect('views', view[3] === 2 && a.data().buffer === view.buffer);
  a.dispose();
  expect('detached views', view.length === 0);
});

for (const fault of [
  () => ones([2]).mm(ones([3])),
  () => ops.add(ones([2])),
  () => op('aten::nothing'),
  () => ones([2]).add(ones([3])),
  () => rand([2 ** 40]),
]) {
  let failed = false;
  try {
    scope(fault);
  } catch {
    failed = true;
  }
  expect('an error is thrown', failed);
}

const net = nn.unet({ inChannels: 2, classes: 1, depth: 2, wf: 1, padding: true, batchNorm: true, sigmoid: true });
const adam = optim.adam(net.parameters(), { lr: 1e-3 });
for (let i = 0; i < 2; i++)
  scope(() => {
    adam.zeroGrad();
    losses
      .dice(net.forward(rand([1, 2, 8, 8])), rand([1, 1, 8, 8]).gt(0.5).to('float32'))
      .mean()
      .backward();
    adam.step();
  });
expect('two training steps', true);

net.eval();
let pending;
noGrad(() => {
  const image = rand([1, 2, 8, 8]);
  pending = [net.forwardAsync(image), image.dataAsync(), image.toArrayAsync(), nn.linear(8, 2).forwardAsync(image)];
  image.dispose();
});
expect('asynchronous calls', (await Promise.all(pending)).length === 4);
for (const result of [await pending[0], await pending[3]]) result.dispose();

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'subject-'));
const file = path.join(folder, 'net.safetensors');
await torch.saveTensors(file, net.stateDict());
const { tensors } = await torch.loadTensors(file);
net.loadStateDict(tensors);
for (const loaded of tensors.values()) loaded.dispose();
await torch.savePt(path.join(folder, 'net.pt'), net.stateDict());
for (const loaded of (await torch.loadPt(path.join(folder, 'net.pt'))).values()) loaded.dispose();
fs.rmSync(folder, { recursive: true });
expect('files', true);

scope(() =>
  expect(
    'sharing',
    fromShared(tensor([1, 2]).share())
      .sum()
      .item() === 3,
  ),
);

const worker = new Worker(
  `import(${JSON.stringify(new URL('../../dist/torch/index.js', import.meta.url).href)}).then((torch) => {
    require('node:worker_threads').parentPort.postMessage('ready');
    const loop = () => { torch.rand([10, 10]).dataAsync(); setImmediate(loop); };
    loop();
  });`,
  { eval: true },
);
await new Promise((resolve) => worker.once('message', resolve));
await worker.terminate();
expect('a worker is terminated', true);

adam.dispose?.();
net.dispose();
expect('only tensors that the garbage collector still has to free are left', memory().handles >= before.handles);
