import { describe, expect, it } from 'vitest';
import { losses, nn, optim, scope, type Tensor } from '../../../dist/torch/index.js';
import { loadTensorsSync } from '../../../dist/torch/serialization/index.js';
import { sharedGolden } from '../../support/shared.js';

const golden = sharedGolden('book_expected_f64.safetensors');
const values = (tensor: Tensor): number[] => [...(tensor.detach().to('float64').contiguous().data() as Float64Array)];
const distances = (a: Tensor, b: Tensor): number[] => {
  expect(a.shape).toEqual(b.shape);
  const other = values(b);
  return values(a).map((value, i) => Math.abs(value - other[i]!));
};
const furthest = (a: Tensor, b: Tensor): number => Math.max(0, ...distances(a, b));

const bookNet = () =>
  nn.unet({
    inChannels: 7,
    classes: 1,
    depth: 3,
    wf: 4,
    padding: true,
    batchNorm: true,
    pooling: 'avg',
    inputNorm: true,
    sigmoid: true,
  });

const run = (dtype: 'float32' | 'float64') => {
  const file = (name: string) => loadTensorsSync(sharedGolden(`${name}.safetensors`)!).tensors;
  const expected = file(`book_expected_${dtype === 'float32' ? 'f32' : 'f64'}`);
  const { input, label } = Object.fromEntries(file('book_input'));
  const net = bookNet();
  net.loadStateDict(file('book_weights_initial'));
  net.to(dtype);
  const image = input!.to(dtype);
  const mask = label!.to(dtype);
  const adam = optim.adam(net.parameters(), { lr: 1e-3 });
  const figures = { output: 0, dice: 0, positives: 0, total: 0, gradient: 0, evalInitial: 0, step1: 0, losses: 0 };
  net.eval();
  figures.evalInitial = furthest(net.forward(image), expected.get('eval_output_initial')!);
  net.train();
  const lossOfStep = expected.get('losses_5_steps')!.toArray() as number[];
  for (let step = 1; step <= 5; step++)
    scope(() => {
      const output = net.forward(image);
      const loss = losses.diceWithPositives(output, mask, { fnWeight: 8 }).mean();
      adam.zeroGrad();
      loss.backward();
      figures.losses = Math.max(figures.losses, Math.abs((loss.item() as number) - lossOfStep[step - 1]!));
      if (step === 1) {
        figures.output = furthest(output, expected.get('train_output')!);
        figures.dice = furthest(losses.dice(output, mask), expected.get('dice_loss')!);
        figures.positives = furthest(losses.dice(output.mul(mask), mask), expected.get('fn_loss')!);
        figures.total = Math.abs((loss.item() as number) - (expected.get('total_loss')!.item() as number));
        for (const [name, parameter] of net.namedParameters())
          figures.gradient = Math.max(figures.gradient, furthest(parameter.grad!, expected.get(`grad.${name}`)!));
      }
      adam.step();
      if (step === 1)
        for (const [name, tensor] of net.stateDict()) {
          const wanted = expected.get(`step1.${name}`);
          if (wanted !== undefined) figures.step1 = Math.max(figures.step1, furthest(tensor, wanted));
        }
    });
  const after = [...net.stateDict()].flatMap(([name, tensor]) => distances(tensor, expected.get(`step5.${name}`)!));
  net.eval();
  const evaluation = distances(net.forward(image), expected.get('eval_output_after_5')!);
  return { figures, after, evaluation };
};

describe.skipIf(golden === null)("the book's network, loss and optimizer (skipped without ../shared/golden)", () => {
  it('equal Python in float64 to 1e-10: outputs, losses, gradients, five Adam steps', () => {
    const { figures, after, evaluation } = run('float64');
    for (const [name, figure] of Object.entries(figures)) expect(figure, name).toBeLessThan(1e-10);
    expect(Math.max(...after)).toBeLessThan(1e-10);
    expect(Math.max(...evaluation)).toBeLessThan(1e-10);
  });

  it('stay within rounding in float32', () => {
    const { figures, after, evaluation } = run('float32');
    expect(figures.output).toBeLessThan(2e-5);
    expect(figures.dice).toBeLessThan(1e-6);
    expect(figures.positives).toBeLessThan(1e-6);
    expect(figures.gradient).toBeLessThan(1e-5);
    expect(after.filter((distance) => distance > 2e-5).length / after.length).toBeLessThan(0.001);
    expect(evaluation.reduce((sum, distance) => sum + distance, 0) / evaluation.length).toBeLessThan(2e-5);
  });
});
