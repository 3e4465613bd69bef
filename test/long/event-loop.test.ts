import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  loadNpy,
  loadPt,
  loadTensors,
  nn,
  noGrad,
  randn,
  saveNpy,
  savePt,
  saveTensors,
  type Tensor,
} from '../../dist/torch/index.js';
import { longestBlock } from '../support/longestBlock.js';
import { scratchFolder } from '../support/scratch.js';

const folder = scratchFolder('loop');

/** Longest block of the event loop in each of `times` runs, in ms, ascending. */
const blocks = async (work: () => Promise<unknown>, times = 5): Promise<number[]> => {
  const found: number[] = [];
  for (let i = 0; i < times; i++) {
    found.push(await longestBlock(work));
  }
  return found.sort((a, b) => a - b);
};

it('asynchronous calls on 100 MB hold the event loop for at most 20 ms', async () => {
  const big = randn([5000, 5000]);
  const rows = randn([1000, 1000]);
  const net = nn.unet({ inChannels: 1, classes: 1, depth: 3, wf: 3, padding: true }).eval();
  const image = randn([1, 1, 512, 512]);
  const forward = async () => {
    let result!: Promise<Tensor>;
    noGrad(() => {
      result = net.forwardAsync(image);
    });
    (await result).dispose();
  };
  const loaded = async (promise: Promise<unknown>) => {
    const value = (await promise) as Tensor | { tensors: Map<string, Tensor> } | Map<string, Tensor>;
    for (const tensor of value instanceof Map ? value.values() : 'tensors' in value ? value.tensors.values() : [value])
      tensor.dispose();
  };
  const file = (name: string) => join(folder, name);
  const works: Record<string, () => Promise<unknown>> = {
    'nothing (the measure itself)': () => new Promise((resolve) => setTimeout(resolve, 200)),
    'forwardAsync of a U-Net on 512 × 512': forward,
    'dataAsync of 100 MB': () => big.dataAsync(),
    'toArrayAsync of 1,000 × 1,000': () => rows.toArrayAsync(),
    'saveTensors of 100 MB': () => saveTensors(file('a.safetensors'), { big }),
    'loadTensors of 100 MB': () => loaded(loadTensors(file('a.safetensors'))),
    'savePt of 100 MB': () => savePt(file('a.pt'), new Map([['big', big]])),
    'loadPt of 100 MB': () => loaded(loadPt(file('a.pt'))),
    'saveNpy of 100 MB': () => saveNpy(file('a.npy'), big),
    'loadNpy of 100 MB': () => loaded(loadNpy(file('a.npy'))),
  };
  const medians = new Map<string, number>();
  for (const [name, work] of Object.entries(works)) {
    const found = await blocks(work);
    medians.set(name, found[2]!);
    console.log(`${name}: ${found.map((ms) => ms.toFixed(1)).join(', ')} ms`);
  }
  // Other processes of the machine hold the loop too: compare the median of five runs with that of doing nothing.
  const idle = medians.get('nothing (the measure itself)')!;
  for (const [name, ms] of medians) expect(ms, name).toBeLessThan(20 + idle);
});
