import { describe, expect, it } from 'vitest';
import { runChild } from '../support/child.js';

const work = `
  const net = torch.nn.unet({ inChannels: 1, classes: 1, depth: 3, wf: 3, padding: true });
  const image = torch.rand([1, 1, 128, 128]);
  const adam = torch.optim.adam(net.parameters(), { lr: 1e-3 });
  const step = () => torch.scope(() => {
    adam.zeroGrad();
    net.forward(image).mean().backward();
    adam.step();
  });
  console.log('ready');`;

const TORCH = new URL('../../dist/torch/index.js', import.meta.url).href;

/** Ways to end: what runs after the set-up, and how the process must end. */
const ways: [string, string, { code?: number; signal?: string; error?: RegExp }][] = [
  [
    'by itself, with live tensors and gradients',
    'step(); globalThis.kept = [torch.ones([1000]), net, image.data()];',
    { code: 0 },
  ],
  ['by process.exit after a step', 'step(); process.exit(3);', { code: 3 }],
  ['by process.exit inside a scope', 'torch.scope(() => { torch.ones([100]).data(); process.exit(4); });', { code: 4 }],
  [
    'by an uncaught error in a step',
    'torch.scope(() => { net.forward(image); throw new Error("boom"); });',
    { code: 1, error: /boom/ },
  ],
  [
    'by an unhandled rejection of an asynchronous call',
    'net.forwardAsync(torch.ones([1, 2, 4, 4]));',
    { code: 1, error: /NoduleTrainError/ },
  ],
  [
    'by itself after asynchronous work',
    'net.forwardAsync(image).then((r) => console.log("result " + r.shape));',
    { code: 0 },
  ],
  [
    'by process.exit with asynchronous work in flight',
    `for (let i = 0; i < 20; i++) { net.forwardAsync(image); image.dataAsync(); }
    setTimeout(() => process.exit(5), 20);`,
    { code: 5 },
  ],
  [
    'by an uncaught error with asynchronous work in flight',
    'for (let i = 0; i < 20; i++) net.forwardAsync(image); setImmediate(() => { throw new Error("boom"); });',
    { code: 1, error: /boom/ },
  ],
  [
    'by process.exit with a file being written',
    `torch.saveTensors(process.execPath + "-not-here/x", { image: torch.zeros([4000000]) }).catch(() => {});
    setImmediate(() => process.exit(6));`,
    { code: 6 },
  ],
  [
    'by process.exit while workers train',
    `
    const { Worker } = await import('node:worker_threads');
    const source = 'import(' + JSON.stringify(${JSON.stringify(TORCH)}) + \`).then((torch) => {
      const a = torch.rand([64, 64]);
      process.getBuiltinModule('node:worker_threads').parentPort.postMessage(1);
      for (;;) torch.scope(() => a.mm(a));
    })\`;
    for (let i = 0; i < 2; i++)
      new Worker(source, { eval: true }).on('message', () => {
        if (++globalThis.up === 2) process.exit(7);
      });
    globalThis.up = 0;`,
    { code: 7 },
  ],
  [
    'by itself with some tensors collected and some not',
    `for (let i = 0; i < 100; i++) torch.rand([100, 100]);
    globalThis.gc?.();
    await new Promise((r) => setTimeout(r, 10));
    for (let i = 0; i < 100; i++) torch.rand([100, 100]);`,
    { code: 0 },
  ],
];

describe('a process ends', { timeout: 60_000 }, () => {
  it.concurrent.each(ways)('%s', async (_, source, expected) => {
    const { ended } = runChild(`${work}\n${source}`, { flags: ['--expose-gc'] });
    const { code, signal, stdout, stderr } = await ended;
    expect({ code, signal, stderr: expected.error ? '' : stderr }).toEqual({
      code: expected.code,
      signal: null,
      stderr: '',
    });
    expect(stdout).toContain('ready');
    if (expected.error) expect(stderr).toMatch(expected.error);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('by %s in the middle of a step', async (name) => {
    const { process: child, stage, ended } = runChild(`${work}\nfor (;;) step();`);
    await stage('ready');
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill(name);
    expect((await ended).signal).toBe(name);
  });

  it('by its own SIGINT handler, after the current step', async () => {
    const {
      process: child,
      stage,
      ended,
    } = runChild(`${work}
      process.on('SIGINT', () => { console.log('asked'); process.exit(130); });
      const loop = () => { step(); setImmediate(loop); };
      loop();
      console.log('looping');`);
    await stage('looping');
    child.kill('SIGINT');
    const { code, signal, stderr } = await ended;
    expect({ code, signal, stderr }).toEqual({ code: 130, signal: null, stderr: '' });
  });
});

describe('unreachable tensors', { timeout: 60_000 }, () => {
  it('are freed once the loop yields', async () => {
    const { ended } = runChild(
      `const before = torch.memory();
      (() => { for (let i = 0; i < 1000; i++) torch.ones([1000]); })();
      gc();
      console.log(torch.memory().handles - before.handles);
      for (let i = 0; i < 100 && torch.memory().handles > before.handles; i++) {
        await new Promise((r) => setTimeout(r, 5));
        gc();
      }
      console.log(torch.memory().handles - before.handles, torch.memory().bytes.cpu - before.bytes.cpu);`,
      { flags: ['--expose-gc'] },
    );
    const { stdout, stderr } = await ended;
    // Nothing is freed until the loop yields, collected or not; afterwards everything is.
    expect({ stdout, stderr }).toEqual({ stdout: '1000\n0 0\n', stderr: '' });
  });

  it('are collected in time because their memory is reported to V8', async () => {
    const { ended } = runChild(`let most = 0;
      for (let i = 0; i < 400; i++) {
        torch.ones([1 << 20]);
        most = Math.max(most, torch.memory().bytes.cpu);
        await new Promise((r) => setImmediate(r));
      }
      console.log(most);`);
    const { stdout, stderr } = await ended;
    expect(stderr).toBe('');
    // 400 tensors of 4 MiB: their 400 small objects alone would never make V8 collect.
    expect(Number(stdout)).toBeLessThan(200 * 4 * 2 ** 20);
    expect(Number(stdout)).toBeGreaterThan(0);
  });
});
