import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  fromData,
  loadTensorsSync,
  losses,
  manualSeed,
  memory,
  nn,
  ones,
  ops,
  optim,
  rand,
  randn,
  saveTensorsSync,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { inGolden } from '../../support/paths.js';
import { scratchFolder } from '../../support/scratch.js';

interface Case {
  options: Record<string, unknown>;
  /** By step. */
  trace: Record<string, Record<string, number[]>>;
  state: Record<string, number[]>;
}
const golden: Record<string, Case> = JSON.parse(fs.readFileSync(inGolden('optimizers.json'), 'utf8'));

const folder = scratchFolder('optim');

const values = (tensor: Tensor): number[] => [...(tensor.detach().contiguous().flatten().data() as Float64Array)];
const expectClose = (found: number[], wanted: number[], what: string): void => {
  expect(found.length).toBe(wanted.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!), `${what}[${i}]`).toBeLessThan(1e-12);
  });
};
const leaf = (data: number[], shape: number[]): Tensor =>
  fromData(Float64Array.from(data), shape, { requiresGrad: true });

describe('optimizers in float64', () => {
  it.each(Object.entries(golden))(
    "%s equals Python's over fifty steps, with its state",
    (name, { options, trace, state }) => {
      const parameters = {
        a: leaf([-1, -0.6, -0.2, 0.2, 0.6, 1], [2, 3]),
        b: leaf([-1, -1 / 3, 1 / 3, 1], [4]),
        c: leaf([-1], []),
      };
      const make = optim[name.split(' ')[0] as 'adam' | 'adamW' | 'sgd'];
      const optimizer = make(Object.values(parameters), options);
      for (let step = 1; step <= 50; step++) {
        for (const [key, parameter] of Object.entries(parameters)) {
          // c gets its first gradient late: until then it has no state and is skipped.
          if (key === 'c' && step < 3) continue;
          const gradient = values(parameter).map((value, index) => Math.cos(index + step) + 0.1 * value);
          parameter.grad = fromData(Float64Array.from(gradient), parameter.shape);
        }
        if (step === 5) optimizer.lr /= 2;
        optimizer.step();
        for (const [key, wanted] of Object.entries(trace[step] ?? {}))
          expectClose(values(parameters[key as 'a' | 'b' | 'c']), wanted, `step ${step} ${key}`);
      }
      const own = new Map([...optimizer.stateDict()].filter(([key]) => key.startsWith('state.')));
      expect([...own.keys()]).toEqual(Object.keys(state));
      for (const [key, tensor] of own) expectClose([...values(tensor.to('float64'))], state[key]!, key);
    },
  );
});

/** A U-Net with its convolutions' weights in channels-last memory, and steps on fixed data. */
const training = (seed: number) => {
  manualSeed(seed);
  const net = nn.unet({ depth: 2, wf: 2, padding: true, batchNorm: true, classes: 1, sigmoid: true });
  const parameters = net.parameters().map((parameter) => {
    const layout = parameter.dim === 4 ? { memoryFormat: 'channels_last' } : {};
    const made = ops.clone(parameter.detach(), layout) as Tensor;
    made.requiresGrad = true;
    return made;
  });
  const image = rand([4, 2, 3, 3]);
  const step = (optimizer: optim.Optimizer) => {
    optimizer.zeroGrad();
    const total = parameters
      .map((parameter, i) => parameter.mul(image.sum()).sub(i).pow(2).mean())
      .reduce((sum, part) => sum.add(part));
    total.backward();
    optimizer.step();
  };
  return { parameters, step };
};

describe('an optimizer', () => {
  it.each(['adam', 'adamW', 'sgd'] as const)(
    '%s stopped, saved, loaded and continued equals the uninterrupted run bit for bit (channels-last weights)',
    (rule) => {
      const make = (parameters: Tensor[]) =>
        rule === 'sgd' ? optim.sgd(parameters, { momentum: 0.9, lr: 1e-4 }) : optim[rule](parameters);
      const whole = training(5);
      const one = make(whole.parameters);
      for (let i = 0; i < 6; i++) whole.step(one);

      const first = training(5);
      const before = make(first.parameters);
      for (let i = 0; i < 3; i++) first.step(before);
      const file = path.join(folder, `${rule}.safetensors`);
      saveTensorsSync(file, before.stateDict());
      const second = training(5);
      second.parameters.forEach((parameter, i) => {
        parameter.detach().copy_(first.parameters[i]!.detach());
      });
      const after = make(second.parameters);
      after.loadStateDict(loadTensorsSync(file).tensors);
      for (let i = 0; i < 3; i++) second.step(after);
      second.parameters.forEach((parameter, i) => {
        expect(parameter.toArray()).toEqual(whole.parameters[i]!.toArray());
      });
      for (const [name, value] of one.stateDict())
        expect(after.stateDict().get(name)!.toArray(), name).toEqual(value.toArray());
    },
  );

  it('keeps its moments in the strides of the parameter and accepts gradients of other strides', () => {
    const wide = ops.clone(randn([3, 2, 4, 4]), { memoryFormat: 'channels_last' }) as Tensor;
    const plain = wide.clone().contiguous().detach();
    const gradient = randn([3, 2, 4, 4]);
    const results = [wide, plain].map((parameter) => {
      parameter.requiresGrad = true;
      parameter.grad = gradient;
      const adam = optim.adam([parameter]);
      adam.step();
      expect(adam.stateDict().get('state.0.exp_avg')!.strides).toEqual(parameter.strides);
      return parameter.toArray();
    });
    expect(results[0]).toEqual(results[1]);
  });

  it('marks the parameters as changed: backward through earlier results fails', () => {
    const weight = ones([3], { requiresGrad: true });
    const adam = optim.adam([weight]);
    weight.sum().backward();
    const early = weight.pow(2).sum();
    adam.step();
    expect(() => early.backward()).toThrow(/modified by an inplace operation/);
  });

  it('zeroGrad() sets gradients to null', () => {
    const weight = ones([3], { requiresGrad: true });
    weight.sum().backward();
    expect(weight.grad!.toArray()).toEqual([1, 1, 1]);
    optim.sgd([weight]).zeroGrad();
    expect(weight.grad).toBe(null);
  });

  it('skips the step where foundInf is not 0, and does not count it', () => {
    const weight = ones([3], { requiresGrad: true });
    const adam = optim.adam([weight]);
    weight.sum().backward();
    adam.step(ones([]));
    expect(weight.toArray()).toEqual([1, 1, 1]);
    expect(adam.stateDict().get('state.0.step')!.item()).toBe(0);
    adam.step(zeros([]));
    expect(adam.stateDict().get('state.0.step')!.item()).toBe(1);
    expect((weight.toArray() as number[])[0]).toBeCloseTo(0.999, 5);
  });

  it('keeps its state when the scope of its first step ends, and frees it by dispose', () => {
    const weight = ones([1000], { requiresGrad: true });
    const adam = optim.adam([weight]);
    const handles = memory().handles;
    for (let i = 0; i < 3; i++)
      scope(() => {
        adam.zeroGrad();
        weight.sum().backward();
        adam.step();
      });
    expect(memory().handles).toBe(handles);
    expect(scope(() => adam.stateDict().get('state.0.step')!.item())).toBe(3);
    const held = memory().bytes.cpu;
    adam.dispose();
    expect(held - memory().bytes.cpu).toBeGreaterThanOrEqual(2 * 4000);
    expect(() => adam.step()).toThrow(/disposed/);
  });

  it('refuses invalid parameters, options and states with one clear error', () => {
    const weight = ones([3], { requiresGrad: true });
    expect(() => optim.adam([])).toThrow(/no parameters/);
    expect(() => optim.adam([weight, 3 as never])).toThrow(/parameter 1 is not a Tensor, expected Tensors/);
    expect(() => optim.adam([weight, weight])).toThrow(/parameter 1 is the same tensor as parameter 0/);
    expect(() => optim.adam([weight.mul(2)])).toThrow(/expected a leaf tensor/);
    expect(() => optim.adam([ones([4]).slice(0, 0, 4, 2)])).toThrow(/holes or overlaps/);
    expect(() => optim.adam([weight], { lr: -1 })).toThrow(/lr is -1/);
    expect(() => optim.adam([weight], { betas: [0.9, 1] })).toThrow(/betas/);
    expect(() => optim.sgd([weight], { nesterov: true })).toThrow(/expected a momentum above 0 and dampening 0/);
    const adam = optim.adam([weight]);
    expect(() => {
      adam.lr = Number.NaN;
    }).toThrow(/lr is NaN/);
    const wrong = { 'state.0.step': tensor(1), 'state.0.exp_avg': ones([4]), 'state.0.exp_avg_sq': ones([3]) };
    expect(() => adam.loadStateDict(wrong)).toThrow(/has shape \[3\], but its loaded state exp_avg has \[4\]/);
    expect(() => adam.loadStateDict({ 'state.1.step': tensor(1) })).toThrow(/parameter 1, this optimizer has 1/);
    expect(() => adam.loadStateDict({ 'state.0.step': tensor(1) })).toThrow(/incomplete/);
    expect(() => adam.loadStateDict({ momentum: tensor(1) })).toThrow(
      /found the key momentum, expected state\.<parameter>\.<name>/,
    );
    expect(() => optim.sgd([weight]).loadStateDict({ 'state.0.exp_avg': ones([3]) })).toThrow(/no state named exp_avg/);
  });

  it('trains: the loss of a small U-Net falls', () => {
    manualSeed(1);
    const net = nn.unet({ depth: 2, wf: 2, padding: true, batchNorm: true, classes: 1, sigmoid: true });
    const adam = optim.adam(net.parameters(), { lr: 1e-2 });
    const image = rand([4, 1, 16, 16]);
    const mask = image.gt(0.7);
    const history: number[] = [];
    for (let i = 0; i < 30; i++)
      scope(() => {
        const loss = losses.dice(net.forward(image), mask).mean();
        adam.zeroGrad();
        loss.backward();
        adam.step();
        history.push(loss.item() as number);
      });
    expect(history[29]!).toBeLessThan(history[0]! * 0.7);
  });
});
