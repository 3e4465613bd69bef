import { describe, expect, it } from 'vitest';
import { resolveTrainConfig } from '../../../dist/train/config/config.js';

const place = { data: 'scans', out: 'run' };

describe('resolveTrainConfig', () => {
  it('fills in every default, nested ones too', () => {
    const config = resolveTrainConfig(place);
    expect(config).toMatchObject({ preset: 'default', batch: 16, contextSlices: 3 });
    expect(config.network).toMatchObject({ depth: 3, wf: 4, pooling: 'max' });
    expect(Object.values(config.compat)).not.toContain(true);
  });

  it("has the book's constants with the preset `book`", () => {
    const config = resolveTrainConfig({ ...place, preset: 'book' });
    expect(config).toMatchObject({
      samples: 300_000,
      batch: 16,
      fnWeight: 8,
      smooth: 1,
      loss: 'book',
      negatives: 0,
      learningRate: 1e-3,
    });
    expect(config.network).toMatchObject({
      pooling: 'avg',
      depth: 3,
      wf: 4,
      batchNorm: true,
      upMode: 'upconv',
    });
    expect(config.augment).toEqual({
      flip: true,
      flipSlices: false,
      offset: 0.03,
      scale: 0.2,
      rotate: true,
      noise: 25,
    });
    expect(Object.values(config.compat)).not.toContain(false);
  });

  it('prefers given fields to those of the preset, nested ones too', () => {
    const config = resolveTrainConfig({ ...place, preset: 'book', samples: 64, compat: { biasInit: false } });
    expect(config.samples).toBe(64);
    expect(config.compat.biasInit).toBe(false);
    expect(config.compat.offsetNoOp).toBe(true);
  });

  it('leaves a resolved configuration unchanged', () => {
    const config = resolveTrainConfig({ ...place, preset: 'book', epochs: 3 });
    expect(resolveTrainConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([
    [{ data: 'scans' }, '`out`'],
    [{ ...place, epochs: 0 }, '`epochs`'],
    [{ ...place, device: 'gpu' }, '`device`: expected auto, cpu, cuda or cuda:N'],
    [{ ...place, network: { pooling: 'min' } }, '`network.pooling`'],
    [{ ...place, epoch: 3 }, 'unknown field `epoch`'],
    [{ ...place, compat: { offset: true } }, 'unknown field `compat.offset`'],
    [null, 'the configuration'],
    [{ ...place, preset: 'constructor' }, '`preset`'],
    [{ ...place, network: null }, '`network`'],
    [{ ...place, network: 3, preset: 'book' }, '`network`'],
    [
      JSON.parse('{"data": "a", "out": "b", "preset": "book", "__proto__": {"epochs": 7}}'),
      'unknown field `__proto__`',
    ],
    [{ ...place, learningRate: Number.NaN }, '`learningRate`'],
    [{ ...place, epochs: Number.POSITIVE_INFINITY }, '`epochs`'],
    [{ ...place, huLow: -999.5 }, '`huLow`'],
    [{ ...place, huHigh: 1e9 }, '`huHigh`'],
    [{ ...place, huLow: 200, huHigh: 200 }, '`huLow` is 200 and `huHigh` 200, expected a lower huLow'],
    [{ ...place, cropSize: 50 }, '`cropSize` is 50, which a network of `depth` 3 cannot halve 2 times'],
    [{ ...place, network: { depth: 8 } }, 'expected a multiple of 128 or a smaller depth'],
    [{ ...place, cropSize: 128 }, '`cropSize` is 128 but `planeSize`, which crops are taken from, only 96'],
    [{ ...place, optimizer: 'sgd', momentum: 0 }, '`nesterov` is on but `momentum` is 0'],
  ])('rejects %j and names the field', (input, message) => {
    expect(() => resolveTrainConfig(input)).toThrow(message);
  });
});
