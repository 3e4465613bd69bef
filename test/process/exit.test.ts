import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runChild } from '../support/child.js';
import { torchUrl } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';

const folder = scratchFolder('exit');

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

/** Each way to end: what runs after the set-up, the expected end, and what stdout and stderr must contain. */
const ways: [string, string, { code: number; output?: string; error?: RegExp }][] = [
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
    { code: 0, output: 'result 1,1,128,128' },
  ],
  [
    'by process.exit with asynchronous work in flight',
    `let open = 40;
    const finished = () => { console.log(--open + ' in flight'); process.exit(5); };
    for (let i = 0; i < 20; i++) { net.forwardAsync(image).then(finished); image.dataAsync().then(finished); }`,
    { code: 5, output: '39 in flight' },
  ],
  [
    'by an uncaught error with asynchronous work in flight',
    'for (let i = 0; i < 20; i++) net.forwardAsync(image); setImmediate(() => { throw new Error("boom"); });',
    { code: 1, error: /boom/ },
  ],
  [
    'by process.exit with a file being written',
    `const fs = await import('node:fs');
    // The first event is the creation of the temporary file.
    fs.watch(${JSON.stringify(folder)}, () => { console.log(state); process.exit(6); });
    let state = 'writing';
    const file = ${JSON.stringify(join(folder, 'x.safetensors'))};
    torch.saveTensors(file, { image: torch.zeros([32000000]) }).then(() => { state = 'written'; }, (error) => { state = error.message; });
`,
    { code: 6, output: 'writing' },
  ],
  [
    'by process.exit while workers train',
    `
    const { Worker } = await import('node:worker_threads');
    const source = \`import(${JSON.stringify(torchUrl)}).then((torch) => {
      const a = torch.rand([64, 64]);
      process.getBuiltinModule('node:worker_threads').parentPort.postMessage('up');
      for (;;) torch.scope(() => a.mm(a));
    })\`;
    let up = 0;
    for (let i = 0; i < 2; i++)
      new Worker(source, { eval: true }).on('message', () => { if (++up === 2) process.exit(7); });`,
    { code: 7 },
  ],
  [
    'by itself, with tensors that the garbage collector has freed and others that it has not',
    `const before = torch.memory().handles;
    const drop = () => { for (let i = 0; i < 100; i++) torch.rand([100, 100]); };
    drop();
    while (torch.memory().handles > before) { gc(); await new Promise((r) => setImmediate(r)); }
    drop();
    console.log(torch.memory().handles - before + ' not freed');`,
    { code: 0, output: '100 not freed' },
  ],
];

describe('a process ends', { timeout: 60_000 }, () => {
  it.concurrent.each(ways)('%s', async (_, source, expected) => {
    const { ended } = runChild(`${work}\n${source}`, { flags: ['--expose-gc'], deadline: 50_000 });
    const { code, signal, stdout, stderr } = await ended;
    expect({ code, signal, stderr: expected.error ? '' : stderr }, stdout).toEqual({
      code: expected.code,
      signal: null,
      stderr: '',
    });
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining(['ready', ...(expected.output ? [expected.output] : [])]),
    );
    if (expected.error) expect(stderr).toMatch(expected.error);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('by %s in the middle of a step', async (name) => {
    const {
      process: child,
      stage,
      ended,
    } = runChild(`${work}
      for (let steps = 1; ; steps++) { step(); console.log('step ' + steps); }`);
    // Then it is in the next one.
    await stage('step 3');
    child.kill(name);
    expect((await ended).signal).toBe(name);
  });

  it('by Ctrl-C with its own handler, after the current step', async () => {
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

  it('are collected in time because V8 knows the size of their memory', async () => {
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
