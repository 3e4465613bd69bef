import { describe, expect, it } from 'vitest';
import { fromData, op, optim, scope, type Tensor, zeros } from '../../dist/torch/index.js';
import { skipNote, whyNoGpu } from '../support/gpu.js';
import { random } from '../support/random.js';
import { farthest, numbers, sha256 } from '../support/tensors.js';

const reason = whyNoGpu();

const noise = (seed: number, ...shape: number[]) => {
  const next = random(seed);
  const length = shape.reduce((product, size) => product * size, 1);
  return fromData(
    Float64Array.from({ length }, () => 2 * next() - 1),
    shape,
  );
};

describe.skipIf(reason !== null)(`our operators on a GPU${skipNote(reason)}`, () => {
  it.each([
    { channels: 7, window: 64, noise: 25, options: {} },
    { channels: 3, window: 17, noise: 0, options: {} },
    {
      channels: 1,
      window: 40,
      noise: 25,
      options: { borderAtWindow: true, labelResample: true, noiseAfterClamp: true },
    },
  ])('crop_augment is bit-identical to the CPU and moves its cursor: %o', ({ channels, window, noise, options }) =>
    scope(() => {
      const next = random(channels);
      const [planes, size, batch, crops] = [channels + 4, 96, 16, 9];
      const image = fromData(
        Int16Array.from({ length: planes * size * size }, () => Math.floor(next() * 4000) - 2000),
        [planes, size, size],
      );
      const label = fromData(
        Uint8Array.from({ length: 3 * size * size }, () => Number(next() < 0.01)),
        [3, size, size],
      );
      const table = fromData(
        Int32Array.from({ length: crops * (channels + 1) }, (_, i) =>
          Math.floor(next() * ((i + 1) % (channels + 1) === 0 ? 3 : planes)),
        ),
        [crops, channels + 1],
      );
      const groups = (...starts: number[]) => fromData(BigInt64Array.from(starts, BigInt));
      const focus = fromData(new Int32Array(2 * crops).fill(size / 2), [crops, 2]);
      const draws = op('nodule::draw_epoch')(groups(0, 2, 5), groups(5, 9), focus, 40, {
        seed: 7,
        epoch: 2,
        rows: size,
        columns: size,
        window,
        negativeShare: 0.25,
        flip: true,
        flipSlices: true,
        offset: 0.1,
        scale: 0.2,
        rotate: true,
        noise,
      }) as Tensor;
      for (const dtype of ['float32', 'float64']) {
        const run = (device: 'cpu' | 'cuda') => {
          const cursor = zeros([1], { dtype: 'int64', device });
          const there = [image, label, table, draws].map((tensor) => tensor.to(device));
          // The third batch goes beyond the end of the order.
          const found = [1, 2, 3].flatMap(() => {
            const made = op('nodule::crop_augment')(...there, cursor, batch, window, -1000, 1000, {
              ...options,
              dtype,
            });
            expect(made[0].device.startsWith(device)).toBe(true);
            return (made as Tensor[]).map(sha256);
          });
          return [...found, cursor.item()];
        };
        expect(run('cuda')).toEqual(run('cpu'));
      }
    }),
  );

  it('crop_augment fills a sample with NaN when its row of draws is out of range, and the device stays usable', () =>
    scope(() => {
      const draws = zeros([2, 15], { dtype: 'float64' });
      draws.narrow(0, 0, 1).narrow(1, 0, 1).fill_(99);
      for (const column of [3, 7]) draws.narrow(1, column, 1).fill_(1);
      const there = [
        zeros([1, 8, 8], { dtype: 'int16' }),
        zeros([1, 8, 8], { dtype: 'uint8' }),
        zeros([1, 2], { dtype: 'int32' }),
        draws,
        zeros([1], { dtype: 'int64' }),
      ].map((tensor) => tensor.to('cuda'));
      const [out] = op('nodule::crop_augment')(...there, 2, 8, -1000, 1000) as [Tensor, Tensor];
      expect(numbers(out.select(0, 0)).every(Number.isNaN)).toBe(true);
      expect(numbers(out.select(0, 1)).some(Number.isNaN)).toBe(false);
    }));

  it('crop_augment refuses tensors on two devices', () =>
    scope(() => {
      const image = zeros([1, 8, 8], { dtype: 'int16', device: 'cuda' });
      const [label, table] = [zeros([1, 8, 8], { dtype: 'uint8' }), zeros([1, 2], { dtype: 'int32' })];
      const [draws, cursor] = [zeros([2, 15], { dtype: 'float64' }), zeros([1], { dtype: 'int64' })];
      expect(() => op('nodule::crop_augment')(image, label, table, draws, cursor, 2, 8, -1, 1)).toThrow(
        'label is on cpu, expected cuda:0, the device of the first argument',
      );
    }));

  it('philox4x32_10 equals the CPU', () =>
    scope(() => {
      const next = random(4);
      const words = (n: number) => BigInt64Array.from({ length: n }, () => BigInt(Math.floor(next() * 2 ** 32)));
      const [counters, keys] = [fromData(words(4 * 1000), [1000, 4]), fromData(words(2 * 1000), [1000, 2])];
      const there = op('nodule::philox4x32_10')(counters.to('cuda'), keys.to('cuda')) as Tensor;
      expect(sha256(there)).toBe(sha256(op('nodule::philox4x32_10')(counters, keys) as Tensor));
    }));
});

describe.skipIf(reason !== null)(`libtorch's operators on a GPU, in float64${skipNote(reason)}`, () => {
  const image = () => noise(1, 2, 3, 16, 16);
  const cases: Record<string, (on: (tensor: Tensor) => Tensor) => Tensor> = {
    add: (on) => on(noise(1, 5, 7)).add(on(noise(2, 7))),
    'sum over a transposed view': (on) =>
      on(noise(1, 5, 7))
        .t()
        .sum(0),
    mm: (on) => on(noise(1, 33, 65)).mm(on(noise(2, 65, 17))),
    conv2d: (on) => op('aten::conv2d')(on(image()), on(noise(2, 4, 3, 3, 3)), null, { padding: [1, 1] }) as Tensor,
    convTranspose2d: (on) =>
      op('aten::conv_transpose2d')(on(image()), on(noise(2, 3, 4, 2, 2)), null, { stride: [2, 2] }) as Tensor,
    maxPool2d: (on) => op('aten::max_pool2d')(on(image()), [2, 2]) as Tensor,
    avgPool2d: (on) => op('aten::avg_pool2d')(on(image()), [2, 2]) as Tensor,
    upsample: (on) => op('aten::upsample_bilinear2d')(on(image()), [32, 32], false) as Tensor,
    sigmoid: (on) => on(image()).sigmoid(),
    'index with a tensor': (on) => on(noise(1, 9, 4)).index(on(fromData(BigInt64Array.of(7n, 0n, 7n)))),
  };
  for (const [name, run] of Object.entries(cases))
    it(`${name} equals the CPU within 1e-10`, () =>
      scope(() =>
        expect(
          farthest(
            run((tensor) => tensor.to('cuda')),
            run((tensor) => tensor),
          ),
        ).toBeLessThan(1e-10),
      ));

  it.each(['adam', 'adamW', 'sgd'] as const)(
    'the fused step of %s equals the CPU within 1e-10 over 20 steps, with the learning rate as number or tensor',
    (rule) => {
      const train = (device: 'cpu' | 'cuda', inTensor: boolean) =>
        scope(() => {
          const parameters = [noise(1, 4, 5), noise(2, 7)].map((tensor) => {
            const there = tensor.to(device).clone();
            there.requiresGrad = true;
            return there;
          });
          const optimizer = optim[rule](parameters, { lr: inTensor ? 1 : 0.125 });
          const rate = fromData(Float32Array.of(0.125)).to(device);
          for (let n = 0; n < 20; n++) {
            optimizer.zeroGrad();
            parameters.reduce((sum, p) => sum.add(p.sub(0.3).pow(4).sum()), zeros([], { device })).backward();
            optimizer.step(undefined, inTensor ? rate : undefined);
          }
          return parameters.map((p) => p.detach());
        });
      scope(() => {
        const expected = train('cpu', false);
        for (const inTensor of [false, true])
          for (const [i, found] of train('cuda', inTensor).entries())
            expect(farthest(found, expected[i] as Tensor)).toBeLessThan(1e-10);
      });
    },
  );
});
