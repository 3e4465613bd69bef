import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { resumeTraining, type TrainEvent, train } from '../../../dist/index.js';
import { loadTensorsSync } from '../../../dist/torch/index.js';
import type { LabelsEvent } from '../../../dist/train/events.js';
import { scratchFolder } from '../../support/scratch.js';
import { writeTinyScans } from '../../support/tinyScans.js';

const folder = scratchFolder('train');
beforeAll(async () => {
  await writeTinyScans(join(folder, 'scans'), 2);
});

const config = (out: string) => ({
  data: join(folder, 'scans'),
  out: join(folder, out),
  epochs: 1,
  samples: 64,
  threads: 1,
  images: 0,
});

describe('train()', { timeout: 60_000 }, () => {
  it('stops, saves and releases the folder when the loop is left, and can be resumed', async () => {
    for await (const event of train(config('left'))) if (event.type === 'step' && event.step === 2) break;
    expect(existsSync(join(folder, 'left', 'lock.json'))).toBe(false);
    const last = readFileSync(join(folder, 'left', 'events.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .at(-1) as string;
    expect(JSON.parse(last)).toMatchObject({ type: 'end', status: 'stopped' });
    const types: string[] = [];
    let step = 0;
    for await (const event of resumeTraining(join(folder, 'left'))) {
      types.push(event.type);
      if (event.type === 'step') step = event.step;
    }
    expect(step).toBe(4);
    expect(types[0]).toBe('start');
    expect(types.at(-1)).toBe('end');
  });

  it('records lost labels: an event, the manifest, a list, first of the training scans and then of all', async () => {
    const data = join(folder, 'lossy');
    await writeTinyScans(data, 2);
    const list = join(data, 'annotations.csv');
    const lines = readFileSync(list, 'utf8').trim().split('\n');
    const outside = lines.slice(1).map((line) => line.replace(/,[^,]+/, ',900'));
    writeFileSync(list, [...lines, outside[0], lines[1], ''].join('\n'));
    const events: TrainEvent[] = [];
    for await (const event of train({ ...config('lossy-run'), data })) events.push(event);
    const labels = events.filter((event) => event.type === 'labels');
    expect(labels.map(({ scans, scansInAll }) => [scans, scansInAll])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    const [, { cases, list: path, type: _, ...counts }] = labels as [LabelsEvent, LabelsEvent];
    expect(counts).toMatchObject({ annotated: lines.length + 1, used: lines.length - 1 });
    expect(counts.lost).toMatchObject({ outside: 1, duplicate: 1 });
    expect(path).toBe(join(folder, 'lossy-run', 'lost-labels.csv'));
    expect(readFileSync(path!, 'utf8').trim().split('\n')).toHaveLength(1 + cases.length);
    expect(JSON.parse(readFileSync(join(folder, 'lossy-run', 'manifest.json'), 'utf8')).labels).toEqual(counts);
    writeFileSync(list, [lines[0], ...outside, ''].join('\n'));
    await expect(train({ ...config('lost-run'), data }).next()).rejects.toMatchObject({
      code: 'labels-lost',
      message: expect.stringMatching(/^training on .* annotations have no label .*lost-run\/lost-labels\.csv/),
    });
    expect(existsSync(join(folder, 'lost-run', 'lost-labels.csv'))).toBe(true);
  });

  it('throws errors of the worker as NoduleTrainError', async () => {
    const events = train({ ...config('x'), data: join(folder, 'nowhere') });
    await expect(events.next()).rejects.toMatchObject({ name: 'NoduleTrainError', code: 'data-missing' });
  });

  it('rejects captured steps on the CPU, which only CUDA can do', async () => {
    const events = train({ ...config('captured'), device: 'cpu', captureSteps: true });
    await expect(events.next()).rejects.toMatchObject({
      code: 'device',
      message: expect.stringContaining('`captureSteps` on the CPU'),
    });
  });

  const recipes = [
    { loss: 'dice-ce', optimizer: 'adamw', schedule: 'poly', warmUpSteps: 2, ema: 0.9 },
    { loss: 'focal-tversky', optimizer: 'sgd', learningRate: 0.05, schedule: 'one-cycle', accumulate: 2 },
    { loss: 'dice-boundary', clipNorm: 0.5, precision: 'bf16', batch: 8 },
    { loss: 'generalized-dice', schedule: 'constant', lossBatch: true },
    { loss: 'log-cosh-dice', optimizer: 'sgd', nesterov: false, weightDecay: 1e-4 },
    { loss: 'dice-focal', focalAlpha: 0.75, squaredDice: true },
  ] as const;
  it.each(recipes)('is bit-identical, interrupted or not: %j', async (recipe) => {
    const one = { ...config(''), ...recipe, samples: 32, batch: 8, cropSize: 32, logSteps: 1 };
    const bits = (out: string) => {
      const hash = createHash('sha256');
      const { tensors } = loadTensorsSync(join(folder, out, 'checkpoints', 'last.safetensors'));
      for (const [name, tensor] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1)))
        hash.update(name).update(JSON.stringify(tensor.toArray()));
      return hash.digest('hex');
    };
    const name = `${recipe.loss}`;
    let steps = 0;
    for await (const event of train({ ...one, out: join(folder, `${name}-whole`) }))
      if (event.type === 'step') {
        steps = event.step;
        expect(Number.isFinite(event.loss)).toBe(true);
      }
    expect(steps).toBe('accumulate' in recipe ? 2 : 4);
    for await (const event of train({ ...one, out: join(folder, `${name}-left`) })) if (event.type === 'step') break;
    for await (const _ of resumeTraining(join(folder, `${name}-left`)));
    expect(bits(`${name}-left`)).toBe(bits(`${name}-whole`));
  });

  it('stops early after `patience` validations without a better score, and stays finished', async () => {
    const notes: string[] = [];
    let epochs = 0;
    const out = join(folder, 'patient');
    // A tiny learning rate does not change the score.
    for await (const event of train({ ...config(''), out, learningRate: 1e-12, samples: 16, epochs: 9, patience: 2 })) {
      if (event.type === 'note') notes.push(event.text);
      if (event.type === 'epoch') epochs = event.epoch;
    }
    expect(epochs).toBeLessThanOrEqual(3);
    expect(notes.join()).toContain('No better score in 2 validations');
    const types = [];
    for await (const event of resumeTraining(out)) types.push(event.type);
    expect(types).toEqual(['note', 'end']);
  });

  it('rejects contradicting options at the call, before it reads a scan', () => {
    expect(() => train({ ...config('sgd'), optimizer: 'sgd', momentum: 0 })).toThrow('`nesterov`');
  });

  it('rejects an invalid configuration at the call', () => {
    expect(() => train({ ...config('x'), epochs: 0 })).toThrow('`epochs`');
  });
});
