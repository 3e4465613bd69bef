import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { fromData, loadPtSync, nn, noGrad, saveTensorsSync, scope, type Tensor } from '../../dist/torch/index.js';
import { inRoot } from '../support/paths.js';
import { pythonInterpreter } from '../support/python.js';
import { scratchFolder } from '../support/scratch.js';

const python = pythonInterpreter();
const example = (name: string) => (path.isAbsolute(name) ? name : inRoot('examples', name));
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', timeout: 100_000, killSignal: 'SIGKILL' });
const node = (name: string, ...args: string[]) => run(process.execPath, example(name), ...args);

const folder = scratchFolder('examples');

const LONG = { timeout: 120_000 };

it('every example has a test here and a line in examples/README.md', () => {
  const own = fs.readFileSync(import.meta.filename, 'utf8');
  const listed = fs.readFileSync(example('README.md'), 'utf8');
  const files = fs.readdirSync(example('.')).filter((name) => /\.(mjs|py)$/.test(name));
  expect(files.length).toBeGreaterThanOrEqual(6);
  for (const name of files) {
    expect(own, name).toContain(`'${name}'`);
    expect(listed, name).toContain(`\`${name}\``);
  }
});

it('linear-regression.mjs finds the line through its points', LONG, () => {
  const [, weight, bias] = /y = (\S+) x \+ (\S+)/.exec(node('linear-regression.mjs'))!;
  expect(Number(weight)).toBeCloseTo(2, 1);
  expect(Number(bias)).toBeCloseTo(-1, 1);
});

it('custom-loss.mjs equals its formula and trains a network that finds discs', LONG, () => {
  const out = node('custom-loss.mjs');
  const [, byHand, byOps] = /by hand (\S+), by ops (\S+)/.exec(out)!;
  expect(Number(byOps)).toBeCloseTo(Number(byHand), 5);
  expect(Number(/Dice on new discs: (\S+)/.exec(out)![1])).toBeGreaterThan(0.85);
});

// 'custom-training.mjs' trains in test/native/train/user-modules.test.ts.

it(
  'worker-pool.mjs gives the same result in every thread, and each holds only its network after a picture',
  LONG,
  () => {
    const out = node('worker-pool.mjs', '2');
    const [, count, difference] = /^(\d+) images in 2 threads, largest difference from this thread: (\S+)/.exec(out)!;
    expect([Number(count), Number(difference)]).toEqual([24, 0]);
    expect(/holds after an image: (.*)/.exec(out)![1]).toMatch(/^\d+$/);
  },
);

it.skipIf(python === null)(
  'fine-tune.mjs continues where Python stopped, and Python after it (skipped without `npm run python`)',
  LONG,
  () => {
    const [input, output] = [path.join(folder, 'in.pt'), path.join(folder, 'out.pt')];
    run(python!, example('fine-tune.py'), 'make', input);
    const out = node('fine-tune.mjs', input, output);
    expect(out).toMatch(/read epoch 1, learning rate 0\.01/);
    const [, first, last] = /loss (\S+) -> (\S+)/.exec(out)!;
    expect(Number(last)).toBeLessThan(Number(first) / 2);
    const checked = run(python!, example('fine-tune.py'), 'check', output);
    const [, epoch, step, loss] = /epoch (\d+), step (\d+), loss (\S+)/.exec(checked)!;
    expect([Number(epoch), Number(step)]).toEqual([2, 65]);
    // The next step of the same series: a wrong weight or moment would throw it back.
    expect(Number(loss)).toBeLessThan(Number(last) + 0.02);
    const back = loadPtSync(output) as Map<string, unknown>;
    expect([...back.keys()]).toEqual(['model', 'optimizer', 'epoch']);
  },
);

const [PROGRAMS, SERVICES] = ['main.js', 'services.js'].map((name) => inRoot('build', 'programs', name)) as [
  string,
  string,
];
const numbersOf = (text: string): Record<string, number[]> => JSON.parse(text);

it('the programs of examples/programs compile under strict, without a cast or any', LONG, () => {
  const sources = fs.readdirSync(example('programs')).filter((name) => name.endsWith('.ts'));
  expect(sources.length).toBeGreaterThanOrEqual(14);
  for (const name of sources) {
    const code = fs
      .readFileSync(example(path.join('programs', name)), 'utf8')
      .replaceAll(/^\s*\/\/.*$/gm, '')
      .replace('functional as F', '');
    expect(code, name).not.toMatch(/\bas [a-zA-Z]|\bany\b|@ts-|\w!\.|<unknown>/);
  }
  node(inRoot('node_modules', 'typescript', 'bin', 'tsc'), '-p', example('programs'));
  for (const [name, numbers] of Object.entries(numbersOf(node(PROGRAMS))))
    expect(
      numbers.every((value) => Number.isFinite(Number(value))),
      name,
    ).toBe(true);
});

it.skipIf(python === null)(
  "the programs of examples/programs give PyTorch's numbers (skipped without `npm run python`)",
  LONG,
  () => {
    const ours = { ...numbersOf(node(PROGRAMS)), ...numbersOf(node(SERVICES)) };
    const original = example('programs/programs.py');
    const theirs = { ...numbersOf(run(python!, original)), ...numbersOf(run(python!, original, 'services')) };
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    for (const [name, expected] of Object.entries(theirs)) {
      expect(ours[name], name).toHaveLength(expected.length);
      for (const [i, value] of expected.entries())
        expect(
          Math.abs(Number(ours[name]![i]) - Number(value)) / Math.max(1, Math.abs(Number(value))),
          `${name} ${i}`,
        ).toBeLessThan(1e-5);
    }
  },
);

it(
  'fastify.mjs answers with the probabilities of the network, refuses a body of the wrong size, and leaks no tensor',
  LONG,
  async () => {
    const net = nn.unet({ classes: 1, depth: 3, wf: 4, padding: true, batchNorm: true, sigmoid: true }).eval();
    const weights = path.join(folder, 'weights.safetensors');
    saveTensorsSync(weights, net.stateDict());
    const server = spawn(process.execPath, [example('fastify.mjs'), weights, '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let address = '';
      for await (const line of createInterface(server.stdout)) {
        address = /listening on (\S+)/.exec(line)?.[1] ?? '';
        if (address !== '') break;
      }
      const post = (pixels: Float32Array, query: string) =>
        fetch(`${address}/segment?${query}`, {
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body: pixels,
        });
      const held = async () => ((await (await fetch(`${address}/memory`)).json()) as { handles: number }).handles;
      const picture = (n: number) => Float32Array.from({ length: 32 * 48 }, (_, i) => Math.cos(i * (n + 1)));
      await post(picture(0), 'rows=32&columns=48');
      const before = await held();
      const answers = await Promise.all([0, 1, 2, 3].map((n) => post(picture(n), 'rows=32&columns=48')));
      for (const [n, answer] of answers.entries()) {
        expect(answer.status).toBe(200);
        const probabilities = new Float32Array(await answer.arrayBuffer());
        const expected: Tensor = scope(() => noGrad(() => net.forward(fromData(picture(n), [1, 1, 32, 48]))));
        expect([...probabilities]).toEqual([...(expected.data() as Float32Array)]);
      }
      expect((await post(picture(0), 'rows=32&columns=32')).status).toBe(400);
      expect((await post(picture(0), 'rows=32&columns=many')).status).toBe(400);
      expect(await held()).toBe(before);
      server.kill('SIGTERM');
      expect(await once(server, 'exit')).toEqual([0, null]);
    } finally {
      server.kill('SIGKILL');
    }
  },
);
