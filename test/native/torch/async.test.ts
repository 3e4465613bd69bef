import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  autocast,
  autograd,
  carryModes,
  fromData,
  loadTensors,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  rand,
  randn,
  saveTensors,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { longestBlock } from '../../support/longestBlock.js';
import { scratchFolder } from '../../support/scratch.js';

const unet = () => nn.unet({ inChannels: 1, classes: 1, depth: 3, wf: 3, padding: true, batchNorm: true }).eval();

describe('forwardAsync', () => {
  it('equals forward, for the U-Net and for every layer', async () => {
    manualSeed(1);
    const image = rand([2, 4, 16, 16]);
    const nets = [
      nn.conv2d(4, 3, 3, { padding: 1 }),
      nn.convTranspose2d(4, 3, 2, { stride: 2 }),
      nn.batchNorm2d(4).eval(),
      nn.linear(16, 5),
      nn.sequential(nn.conv2d(4, 4, 3), nn.relu(), nn.sigmoid()),
      nn.unet({ inChannels: 4, classes: 2, depth: 2, wf: 2, padding: true }),
    ];
    for (const net of nets) {
      const expected = net.forward(image) as Tensor;
      const found = (await net.forwardAsync(image)) as Tensor;
      expect(found.toArray()).toEqual(expected.toArray());
    }
  });

  it('keeps the network and the input alive when they are disposed right after the call', async () => {
    const before = memory();
    const net = unet();
    const image = rand([1, 1, 64, 64]);
    const expected = scope(() => net.forward(image).toArray());
    const promise = net.forwardAsync(image);
    image.dispose();
    net.dispose();
    const result = await promise;
    expect(result.toArray()).toEqual(expected);
    result.dispose();
    expect(memory().bytes.cpu).toBe(before.bytes.cpu);
  });

  it('runs in the order of the calls, beside dataAsync and toArrayAsync', async () => {
    const net = unet();
    const image = rand([1, 1, 96, 96]);
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    await Promise.all([
      net.forwardAsync(image).then(note('slow')),
      image.dataAsync().then(note('data')),
      tensor([1]).toArrayAsync().then(note('array')),
      net.forwardAsync(image).then(note('again')),
    ]);
    expect(order.indexOf('slow')).toBe(0);
    expect(order.indexOf('again')).toBe(3);
  });

  it('carries grad mode and autocast from the moment of the call', async () => {
    const net = nn.conv2d(1, 2, 3);
    const image = rand([1, 1, 8, 8]);
    const recorded = await net.forwardAsync(image);
    expect(recorded.requiresGrad).toBe(true);
    expect(autograd.grad([recorded.sum()], net.parameters()).every((gradient) => gradient !== null)).toBe(true);
    let plain!: Promise<Tensor>;
    noGrad(() => {
      plain = net.forwardAsync(image);
    });
    let low!: Promise<Tensor>;
    autocast(() => {
      low = net.forwardAsync(image);
    });
    const after = net.forwardAsync(image);
    expect((await plain).requiresGrad).toBe(false);
    expect((await low).dtype).toBe('bfloat16');
    expect([(await after).dtype, (await after).requiresGrad]).toEqual(['float32', true]);
  });

  it('carries them through every part of a sequence, and of a module that uses carryModes()', async () => {
    class Twice extends nn.Module {
      readonly first = nn.conv2d(1, 1, 3);
      readonly second = nn.conv2d(1, 1, 3);
      forward(x: Tensor): Tensor {
        return this.second.forward(this.first.forward(x));
      }
      override async forwardAsync(x: Tensor): Promise<Tensor> {
        const under = carryModes();
        const middle = await this.first.forwardAsync(x);
        return under(() => this.second.forwardAsync(middle));
      }
    }
    for (const net of [new Twice(), nn.sequential(nn.conv2d(1, 1, 3), nn.conv2d(1, 1, 3))]) {
      let promise!: Promise<Tensor>;
      noGrad(() => {
        promise = net.forwardAsync(rand([1, 1, 8, 8]));
      });
      expect((await promise).requiresGrad).toBe(false);
      expect((await net.forwardAsync(rand([1, 1, 8, 8]))).requiresGrad).toBe(true);
    }
  });

  it('rejects with an error that names the fault, and the queue continues', async () => {
    const net = unet();
    await expect(net.forwardAsync(rand([1, 3, 8, 8]))).rejects.toMatchObject({
      name: 'NoduleTrainError',
      code: 'torch',
    });
    await expect(net.forwardAsync(3 as never)).rejects.toThrow(/the input is number, expected a Tensor/);
    await expect(nn.linear(3, 2).forwardAsync(rand([4, 5]))).rejects.toThrow(/^aten::linear: /);
    expect((await net.forwardAsync(rand([1, 1, 16, 16]))).shape).toEqual([1, 1, 16, 16]);
  });

  it('refuses a forward in JavaScript, which cannot leave this thread', async () => {
    class Own extends nn.Module {
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    await expect(new Own().forwardAsync(ones([1]))).rejects.toMatchObject({ code: 'no-async-forward' });
  });

  it('does not block the event loop', async () => {
    const net = unet();
    const image = rand([1, 1, 512, 512]);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const start = performance.now();
    noGrad(() => void 0);
    await net.forwardAsync(image);
    clearInterval(timer);
    const took = performance.now() - start;
    // A forward on this thread would leave no tick at all.
    expect(ticks).toBeGreaterThan(took / 5 / 10);
  });
});

describe('dataAsync and toArrayAsync', () => {
  it('equal data and toArray, for every dtype and shape', async () => {
    for (const dtype of ['float32', 'float64', 'int8', 'uint8', 'int16', 'int32', 'int64'] as const) {
      const made = tensor(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        { dtype },
      );
      expect(await made.dataAsync()).toEqual(made.data());
      expect(await made.toArrayAsync()).toEqual(made.toArray());
      expect(await made.t().toArrayAsync()).toEqual([
        [1, 4],
        [2, 5],
        [3, 6],
      ]);
    }
    for (const dtype of ['float16', 'bfloat16'] as const)
      expect(await tensor([1, 2.5], { dtype }).toArrayAsync()).toEqual([1, 2.5]);
    expect(await tensor([true, false]).toArrayAsync()).toEqual([true, false]);
    for (const shape of [[], [0], [2, 0], [0, 2], [2, 0, 3], [1, 1, 1], [2, 3, 1], [5000], [2, 5000], [3000, 2]])
      expect(await zeros(shape).toArrayAsync()).toEqual(zeros(shape).toArray());
    expect(zeros([2, 0]).toArray()).toEqual([[], []]);
    expect(zeros([2, 0, 3]).toArray()).toEqual([[], []]);
    await expect(fromData(BigInt64Array.of(2n ** 60n)).toArrayAsync()).rejects.toThrow(/beyond 2\^53/);
  });

  it('outlive a dispose right after the call, and refuse a disposed tensor', async () => {
    const made = tensor([1, 2, 3]);
    const promises = [made.dataAsync(), made.toArrayAsync()] as const;
    made.dispose();
    expect([...(await promises[0])]).toEqual([1, 2, 3]);
    expect(await promises[1]).toEqual([1, 2, 3]);
    await expect(made.dataAsync()).rejects.toMatchObject({ code: 'disposed' });
    await expect(made.toArrayAsync()).rejects.toMatchObject({ code: 'disposed' });
  });

  it('yield to the event loop many times while the arrays are built', async () => {
    const made = randn([2000, 1000]);
    let turns = 0;
    let done = false;
    const count = () => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    const bytes = await made.dataAsync();
    const before = turns;
    const array = await made.toArrayAsync();
    done = true;
    expect(array).toHaveLength(2000);
    expect((array as number[][])[1999]![999]).toBe(bytes[1_999_999]);
    // Two million elements take more than a few slices of 10 ms; built in one go there would be two turns.
    expect(turns - before).toBeGreaterThan(4);
  });
});

describe('files', () => {
  const folder = scratchFolder('async');
  it('are written and read back without blocking the event loop', async () => {
    const made = randn([8_000_000]);
    const file = join(folder, 'a.safetensors');
    const delay = await longestBlock(async () => {
      await saveTensors(file, { made });
      const { tensors } = await loadTensors(file);
      expect(tensors.get('made')!.sub(made).abs().max().item()).toBe(0);
    });
    // The bound of 20 ms is measured in test/long/event-loop.test.ts; here the machine may be busy.
    expect(delay).toBeLessThan(1000);
  });
});
