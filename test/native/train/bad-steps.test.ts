import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { train } from '../../../dist/index.js';
import { loadTensorsSync, type Tensor, zeros } from '../../../dist/torch/index.js';
import { resolveTrainConfig } from '../../../dist/train/config/config.js';
import type { TrainConfigInput } from '../../../dist/train/config/schema.js';
import { trainEpoch } from '../../../dist/train/epochLoop.js';
import type { TrainEvent } from '../../../dist/train/events.js';
import { replayStep } from '../../../dist/train/inspect/replayStep.js';
import { openRunRecord } from '../../../dist/train/run/runRecord.js';
import { initialState } from '../../../dist/train/run/runState.js';
import { openSession } from '../../../dist/train/session/session.js';
import { createStepRunner } from '../../../dist/train/steps/createStepRunner.js';
import { watchBadSteps } from '../../../dist/train/steps/watchBadSteps.js';
import { scratchFolder } from '../../support/scratch.js';
import { writeTinyScans } from '../../support/tinyScans.js';

const folder = scratchFolder('bad-steps');
beforeAll(async () => {
  await writeTinyScans(join(folder, 'scans'), 2);
}, 120_000);

const config = (out: string, given: Partial<TrainConfigInput> = {}) => ({
  ...{ data: join(folder, 'scans'), out: join(folder, out), epochs: 1, samples: 44, batch: 8, cropSize: 32 },
  ...{ threads: 1, images: 0, schedule: 'constant' as const, network: { depth: 2, wf: 2 } },
  ...given,
});

const quiet = { note: () => {}, progress: () => {} };
const follow = async (given: TrainConfigInput) => {
  const events: TrainEvent[] = [];
  let error: Error | null = null;
  try {
    for await (const event of train(given)) events.push(event);
  } catch (thrown) {
    error = thrown as Error;
  }
  return { events, error, notes: events.flatMap((event) => (event.type === 'note' ? [event.text] : [])) };
};

/** After a first Adam step with this learning rate, every forward pass overflows. */
const explosive = { learningRate: 1e6, network: { depth: 3, wf: 2, batchNorm: false }, checkpointSteps: 1 };

describe('a run whose loss is not finite', { timeout: 120_000 }, () => {
  it('stops and names step, crops, learning rate, last good checkpoint and the command that replays the step', async () => {
    const { events, error } = await follow(config('stops', explosive));
    expect(error).toMatchObject({ code: 'loss-not-finite' });
    const run = join(folder, 'stops');
    expect(error?.message).toMatch(/^training step 2 \(epoch 1\): the loss or a gradient is not finite\./);
    expect(error?.message).toContain('The learning rate was 1000000, the crops phantom-standard-1-');
    expect(error?.message).toMatch(/slice \d+ \(nodule \d\)/);
    expect(error?.message).toMatch(/slice \d+ \(no nodule\)/);
    expect(error?.message).toContain(`The last good checkpoint is ${join(run, 'checkpoints', 'last.safetensors')}`);
    expect(error?.message).toContain(`npx nodule-train train --resume ${run} --replay-step 2`);
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(1);

    const replay = await replayStep(run, 2, quiet);
    expect(replay).toMatchObject({ step: 2, epoch: 1, from: 1, learningRate: 1e6, image: { notFinite: 0 } });
    expect(replay.loss.notFinite).toBe(8);
    expect(replay.crops.every(({ loss }) => loss === null)).toBe(true);
    expect(replay.gradient.names.length).toBeGreaterThan(0);
    expect(replay.weight.high).toBeGreaterThan(9e5);
    const { tensors } = loadTensorsSync(replay.file);
    expect(tensors.get('image')?.shape).toEqual([8, 7, 32, 32]);
    for (const { uid } of replay.crops) expect(error?.message).toContain(uid);
  });

  it('continues with --on-nan skip, notes each skipped step once, and stops after nanLimit of them', async () => {
    const { events, error, notes } = await follow(config('limited', { ...explosive, onNan: 'skip', nanLimit: 2 }));
    expect(notes.filter((text) => text.startsWith('Skipped '))).toEqual([
      'Skipped step 2, because the loss or a gradient was not finite: 1 skipped in this run so far, at most 2 allowed (--nan-limit).',
      'Skipped step 3, because the loss or a gradient was not finite: 2 skipped in this run so far, at most 2 allowed (--nan-limit).',
    ]);
    expect(events.flatMap((event) => (event.type === 'step' ? [event.step] : []))).toEqual([1]);
    expect(error?.message).toMatch(/^training step 4 .* It is the 3rd such step, and nanLimit is 2\./);
  });
});

describe('a skipped step', { timeout: 120_000 }, () => {
  /** Trains an epoch whose third step has an infinite loss, in parts that end after the given steps. */
  async function train(out: string, stops: number[]) {
    const given = resolveTrainConfig(
      config(out, { onNan: 'skip', ema: 0.9, accumulate: 2, clipNorm: 1, batch: 4, optimizer: 'adamw' }),
    );
    const notes: string[] = [];
    for (const stop of [...stops, Number.POSITIVE_INFINITY]) {
      const record = openRunRecord(
        stop === stops[0] || stops.length === 0
          ? { kind: 'new', config: given }
          : { kind: 'resume', config: given, run: given.out },
      );
      const emit = (event: TrainEvent) => event.type === 'note' && notes.push(event.text);
      const state = record.checkpoint?.state ?? initialState();
      const session = await openSession({ record, state, emit, stopRequested: () => state.step >= stop });
      const { criterion, sampler } = session;
      session.criterion = (probability: Tensor, mask: Tensor) => {
        const loss = criterion(probability, mask);
        return sampler.state().position === 5 * 4 ? loss.div(zeros([1])) : loss;
      };
      session.net.train();
      sampler.startEpoch(1, state.stepInEpoch * 8);
      trainEpoch({
        ...session,
        steps: createStepRunner(session),
        ...{ logSteps: 1, checkpointSteps: 0, checkpointMinutes: 0, saveLast: () => {} },
        onCounts: watchBadSteps(session),
      });
      session.save('last');
      record.close();
    }
    const { tensors, metadata } = loadTensorsSync(join(given.out, 'checkpoints', 'last.safetensors'));
    const figures = tensors.get('counts')?.toArray() as number[];
    return { sha256: metadata.sha256, notes: notes.filter((text) => text.startsWith('Skipped ')), figures };
  }

  it('gives bit-identical runs, interrupted before it, after it, or not at all', async () => {
    const whole = await train('skip-whole', []);
    expect(whole.notes).toHaveLength(1);
    // 44 crops, without the half of step 3 whose loss is not finite; 6 steps, of which the third is bad.
    expect([whole.figures[0], ...whole.figures.slice(8)]).toEqual([40, 6, 1, 3, 3]);
    expect(whole.figures.every(Number.isFinite)).toBe(true);
    for (const stops of [[2], [3], [1, 4]]) {
      const parts = await train(`skip-${stops.join('-')}`, stops);
      expect(parts).toEqual(whole);
    }
  });
});

describe('a replayed step', { timeout: 120_000 }, () => {
  it.each([
    { checkpointSteps: 2 },
    { accumulate: 2, batch: 4, ema: 0.9, clipNorm: 0.5, optimizer: 'adamw', checkpointSteps: 4 },
  ] as const)('has the loss that the run had there, and leaves the run as it is: %j', async (given) => {
    const out = `replayed-${given.checkpointSteps}`;
    const { events, error } = await follow(config(out, { ...given, epochs: 2, compat: { zeroIsBest: true } }));
    expect(error).toBeNull();
    const losses = new Map(events.flatMap((event) => (event.type === 'step' ? [[event.step, event.loss]] : [])));
    const run = join(folder, out);
    const last = () => loadTensorsSync(join(run, 'checkpoints', 'last.safetensors')).metadata.sha256;
    const before = last();
    for (const step of [3, 11]) {
      const { crops, gradient, from } = await replayStep(run, step, quiet);
      const mean = crops.reduce((sum, { loss }) => sum + (loss as number), 0) / crops.length;
      expect(mean).toBeCloseTo(losses.get(step) as number, 6);
      expect(gradient).toMatchObject({ notFinite: 0, names: [] });
      expect(gradient.high).toBeGreaterThan(0);
      expect(from).toBeLessThan(step);
    }
    expect(last()).toBe(before);
    await expect(replayStep(run, 13, quiet)).rejects.toThrow('the run has 12 steps, expected one of them');
  });
});
