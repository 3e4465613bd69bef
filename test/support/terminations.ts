import { runChild } from './child.js';
import { torchUrl } from './paths.js';

/** The work in whose middle a worker is ended. `ready()` reports that it has begun. */
const works: Record<string, string> = {
  'a training step': `
    const net = torch.nn.unet({ inChannels: 1, classes: 1, depth: 2, wf: 2, padding: true, batchNorm: true });
    const adam = torch.optim.adam(net.parameters(), { lr: 1e-3 });
    const image = torch.rand([2, 1, 32, 32]);
    const step = () => torch.scope(() => { adam.zeroGrad(); net.forward(image).mean().backward(); adam.step(); });
    ready(step);`,
  'asynchronous forwards': `
    const net = torch.nn.unet({ inChannels: 1, classes: 1, depth: 2, wf: 2, padding: true });
    ready(() => { for (let i = 0; i < 4; i++) net.forwardAsync(torch.rand([1, 1, 64, 64])); }, true);`,
  'asynchronous copies and arrays': `
    ready(() => { const a = torch.rand([300, 300]); a.dataAsync(); a.toArrayAsync(); a.dispose(); }, true);`,
  'views of memory': `
    ready(() => torch.scope(() => { const a = torch.rand([1000]); a.data()[0] = 1; return a; }).data());`,
  'shared tensors': `
    ready(() => { torch.fromShared(torch.rand([1000]).share()).dispose(); torch.rand([1000]).share(); });`,
  files: `
    const fs = process.getBuiltinModule('node:fs');
    const folder = fs.mkdtempSync(process.getBuiltinModule('node:os').tmpdir() + '/terminate-');
    process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
    const file = folder + '/a.safetensors';
    torch.saveTensorsSync(file, { a: torch.rand([1000]) });
    ready(() => {
      torch.saveTensors(folder + '/b.safetensors', { a: torch.rand([10000]) }).catch(() => {});
      torch.loadTensors(file).catch(() => {});
    }, true);`,
  'the garbage collector': `
    ready(() => { for (let i = 0; i < 50; i++) torch.rand([1000]).add(1); }, true);`,
  'the loading of libtorch': `parentPort.postMessage('ready'); torch.ones([1]).add(1); for (;;) torch.op('aten::add');`,
};

/**
 * Starts a worker for each kind of work and ends it in the middle, `times` times, all kinds side by side, in a separate
 * process that must then still compute and hold no more bytes than before.
 */
export async function terminateWorkers(times: number, deadline: number): Promise<{ seconds: number; ended: number }> {
  const start = performance.now();
  const { ended } = runChild(
    `import { Worker } from 'node:worker_threads';
    const works = ${JSON.stringify(works)};
    torch.scope(() => { torch.ones([1]).add(1); });
    const before = torch.memory().bytes.cpu;
    let count = 0;
    const once = async (name, round) => {
      const source = \`
        const { parentPort } = process.getBuiltinModule('node:worker_threads');
        const torch = await import(${JSON.stringify(torchUrl)});
        const ready = (work, yields) => {
          work();
          parentPort.postMessage('ready');
          if (!yields) for (;;) work();
          const loop = () => { work(); setImmediate(loop); };
          loop();
        };
        \${works[name]}\`;
      const worker = new Worker(source, { eval: true });
      await new Promise((resolve, reject) => { worker.once('message', resolve); worker.once('error', reject); });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      console.log('ending ' + name + ', round ' + round);
      await worker.terminate();
      console.log('ended ' + name + ', round ' + round);
      count++;
    };
    await Promise.all(Object.keys(works).map(async (name) => {
      for (let round = 1; round <= ${times}; round++) await once(name, round);
    }));
    for (let i = 0; i < 100 && torch.memory().bytes.cpu > before; i++) await new Promise((r) => setTimeout(r, 10));
    if (torch.scope(() => torch.ones([2]).add(1).sum().item()) !== 4) throw new Error('the main thread has stopped');
    console.log(JSON.stringify({ count, left: torch.memory().bytes.cpu - before }));`,
    { deadline },
  );
  const { code, signal, stdout, stderr } = await ended;
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (code !== 0) throw new Error(`${signal ?? `exit code ${code}`} after: ${last}\n${stderr}`);
  const { count, left } = JSON.parse(last) as { count: number; left: number };
  if (left !== 0) throw new Error(`${left} bytes are left over after ${count} workers`);
  return { seconds: (performance.now() - start) / 1000, ended: count };
}

export const kindsOfWork = Object.keys(works).length;
