import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resumeTraining, train, writePhantoms } from '../../dist/index.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'train-'));
  await writePhantoms(join(folder, 'scans'), { count: 2, size: [12, 64, 64], spacing: [5, 5, 12], threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const config = (out: string) => ({
  data: join(folder, 'scans'),
  out: join(folder, out),
  epochs: 1,
  samples: 64,
  threads: 1,
  images: 0,
});

describe('train()', { timeout: 60_000 }, () => {
  it('stops, saves and lets the folder go where the loop is left, and can go on from there', async () => {
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

  it('throws what goes wrong in the worker as the one error type', async () => {
    const events = train({ ...config('x'), data: join(folder, 'nowhere') });
    await expect(events.next()).rejects.toMatchObject({ name: 'NoduleTrainError', code: 'data-missing' });
  });

  it('refuses to record steps on the CPU, as only CUDA can', async () => {
    const events = train({ ...config('captured'), device: 'cpu', captureSteps: true });
    await expect(events.next()).rejects.toMatchObject({
      code: 'device',
      message: expect.stringContaining('`captureSteps` on the CPU'),
    });
  });

  it('refuses a wrong configuration at the call', () => {
    expect(() => train({ ...config('x'), epochs: 0 })).toThrow('`epochs`');
  });
});
