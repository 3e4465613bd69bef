import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../dist/runtime/environment.js';
import { bytesField, concat, varintField } from '../../dist/train/tensorboard/protobuf.js';
import { runChild } from '../support/child.js';
import { torchUrl } from '../support/paths.js';

// Not a development dependency: it unpacks to 288 MB, for this one test.
const VERSION = '1.30.0';
const folder = join(cacheFolder(), `onnxruntime-node-${VERSION}`);

/** Installs it without its install script, which would download CUDA libraries. Returns null or why that failed. */
const install = (): string | null => {
  if (existsSync(folder)) return null;
  const half = `${folder}.${process.pid}.tmp`;
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, 'package.json'), '{}');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `onnxruntime-node@${VERSION}`];
  const { status, stderr, error } = spawnSync('npm', args, { cwd: half, encoding: 'utf8' });
  if (status !== 0) {
    rmSync(half, { recursive: true, force: true });
    return error?.message ?? stderr.trim().split('\n').at(-1) ?? `npm ended with ${status}`;
  }
  renameSync(half, folder);
  return null;
};

/** An ONNX model of one MatMul of two 64 × 64 matrices a and b to y: fields of onnx.proto. */
const matMul = (): Uint8Array => {
  const dim = bytesField(1, varintField(1, 64));
  const type = bytesField(2, bytesField(1, concat(varintField(1, 1), bytesField(2, concat(dim, dim)))));
  const value = (name: string) => concat(bytesField(1, name), type);
  const node = concat(bytesField(1, 'a'), bytesField(1, 'b'), bytesField(2, 'y'), bytesField(4, 'MatMul'));
  const graph = concat(
    bytesField(1, node),
    bytesField(2, 'product'),
    bytesField(11, value('a')),
    bytesField(11, value('b')),
    bytesField(12, value('y')),
  );
  return concat(varintField(1, 8), bytesField(7, graph), bytesField(8, concat(bytesField(1, ''), varintField(2, 13))));
};

const model = Buffer.from(matMul()).toString('base64');
const steps = {
  torch: `
    const torch = await import(${JSON.stringify(torchUrl)});
    torch.manualSeed(1);
    const [a, b] = [torch.rand([64, 64], { requiresGrad: true }), torch.rand([64, 64])];
    const net = torch.nn.unet({ inChannels: 1, classes: 1, depth: 2, wf: 2, padding: true });
    const computeTorch = () => torch.scope(() => {
      net.forward(torch.rand([1, 1, 64, 64])).mean().backward();
      return Float32Array.from(a.mm(b).detach().data());
    });
    computeTorch();
    console.log('torch computes');`,
  onnxruntime: `
    const { createRequire } = process.getBuiltinModule('node:module');
    const ort = createRequire(${JSON.stringify(join(folder, 'package.json'))})('onnxruntime-node');
    const session = await ort.InferenceSession.create(Buffer.from('${model}', 'base64'));
    const matrix = (values) => new ort.Tensor('float32', values, [64, 64]);
    const product = async (a, b) => (await session.run({ a: matrix(a), b: matrix(b) })).y.data;
    await product(new Float32Array(4096), new Float32Array(4096));
    console.log('onnxruntime computes');`,
};
const together = `
  let worst = 0;
  for (let i = 0; i < 50; i++) {
    const ours = computeTorch();
    const theirs = await product(Float32Array.from(a.detach().data()), Float32Array.from(b.data()));
    for (let k = 0; k < ours.length; k++) worst = Math.max(worst, Math.abs(ours[k] - theirs[k]));
  }
  const zeros = new Float32Array(4096);
  await Promise.all([net.forwardAsync(torch.rand([1, 1, 128, 128])), product(zeros, zeros)]);
  console.log('worst ' + worst);`;

let missing: string | null;
beforeAll(() => {
  missing = install();
});

describe(`beside onnxruntime-node ${VERSION}`, () => {
  it.for([
    ['after', ['onnxruntime', 'torch']],
    ['before', ['torch', 'onnxruntime']],
  ] as const)(
    'both compute when we are loaded %s it (skipped unless onnxruntime-node can be installed)',
    async ([, order], context) => {
      if (missing !== null) return context.skip(`onnxruntime-node could not be installed: ${missing}`);
      for (let i = 0; i < 5; i++) {
        const source = `${order.map((name) => steps[name]).join('')}${together}`;
        const { code, signal, stdout, stderr } = await runChild(source, { deadline: 60_000, withTorch: false }).ended;
        expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
        expect(Number(/worst (.*)/.exec(stdout)?.[1])).toBeLessThan(1e-4);
      }
    },
  );
});
