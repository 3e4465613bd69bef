import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectedComponents,
  labelImage,
  NoduleTrainError,
  openModel,
  readMask,
  readVolume,
  type SegmentEvent,
  type Segmenter,
  type SegmentResult,
  segment,
  segmentScans,
  semanticMask,
  type Volume,
  writePhantoms,
} from '../../../dist/index.js';
import { scratchFolder } from '../../support/scratch.js';

const folder = scratchFolder('segment');
let scan: string;
let model: Segmenter;
let volume: Volume;

beforeAll(async () => {
  const set = join(folder, 'scans');
  await writePhantoms(set, { count: 1, size: [24, 128, 128], spacing: [2.6, 2.6, 5], threads: 1, seed: 3 });
  const file = readdirSync(join(set, 'subset0')).find((name) => name.endsWith('.mhd'))!;
  scan = join(set, 'subset0', file);
  volume = await readVolume(scan, { onNote: () => {} });
  model = await openModel('phantom-hu', { device: 'cpu' });
}, 120_000);
afterAll(() => model.dispose());

/** Loose, so that there is something to compare. */
const loose = { threshold: 0.3, minimumVoxels: 1, minimumScore: 0 } as const;

async function resultOf(events: AsyncIterable<SegmentEvent>): Promise<SegmentResult> {
  let last: SegmentEvent | undefined;
  for await (const event of events) last = event;
  if (last?.type !== 'result') throw new Error('expected a result as the last event');
  return last.result;
}

describe('segment()', { timeout: 120_000 }, () => {
  it('yields progress over slices, and the result last', async () => {
    const events: SegmentEvent[] = [];
    for await (const event of segment(scan, model, loose)) events.push(event);
    const progress = events.filter((event) => event.type === 'progress');
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.at(-1)).toMatchObject({ done: progress[0]!.total });
    expect(events.filter((event) => event.type === 'result')).toHaveLength(1);
    const { result } = events.at(-1) as { result: SegmentResult };
    expect(result.nodules.length).toBeGreaterThan(0);
    expect(result.candidates).toBeGreaterThanOrEqual(result.nodules.length);
    expect(result.provenance).toMatchObject({ software: 'nodule-train', models: [{ name: 'phantom-hu' }] });
    expect(result.provenance.notice).toBe('Research use only, not a medical device');
  });

  it('gives mask, instances and boxes that agree', async () => {
    const result = await resultOf(segment(scan, model, loose));
    const labels = labelImage(result);
    const mask = semanticMask(result);
    expect(Array.from(labels, (label) => (label > 0 ? 1 : 0))).toEqual(Array.from(mask));
    const { components } = connectedComponents(mask, result.grid.shape, 26);
    expect(components).toHaveLength(result.nodules.length);
    for (const { number, box, voxels } of result.nodules) {
      const [, rows, columns] = result.grid.shape;
      let [count, outside] = [0, 0];
      labels.forEach((label, at) => {
        if (label !== number) return;
        count++;
        const place = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
        if (place.some((index, axis) => index < box.low[axis]! || index > box.high[axis]!)) outside++;
      });
      expect([count, outside]).toEqual([voxels, 0]);
    }
    const scores = result.nodules.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('gives the same for a file, a volume in memory, an ensemble of twice the model, and concurrent calls', async () => {
    const both = await openModel(['phantom-hu', 'phantom-hu'], { device: 'cpu' });
    const [byFile, byVolume, again, byBoth] = await Promise.all([
      resultOf(segment(scan, model, loose)),
      resultOf(segment(volume, model, loose)),
      resultOf(segment(scan, model, loose)),
      resultOf(segment(scan, both, loose)),
    ]);
    await both.dispose();
    expect(byVolume.nodules).toEqual(byFile.nodules);
    expect(again).toEqual(byFile);
    expect(byBoth.nodules).toEqual(byFile.nodules);
    expect(byBoth.provenance.key).not.toBe(byFile.provenance.key);
    expect(byVolume.provenance.key).not.toBe(byFile.provenance.key);
  });

  it('changes its key with every option that changes the result, and not with the files to write', async () => {
    const key = async (options: object) => (await resultOf(segment(scan, model, options))).provenance.key;
    const changed = [{}, { threshold: 0.4 }, { minimumVoxels: 5 }, { region: 'all' }, { intensity: 'hu' }];
    const keys = [];
    for (const options of changed) keys.push(await key(options));
    expect(new Set(keys).size).toBe(changed.length);
    expect(await key({ format: ['json'], allFrames: true })).toBe(keys[0]);
  });

  it('returns probabilities on request, 0 outside the region', async () => {
    const { probabilities, regions } = await resultOf(segment(scan, model, { ...loose, probabilities: true }));
    expect(probabilities).toHaveLength(volume.voxels.length);
    const above = probabilities!.reduce((sum, value) => sum + (value > loose.threshold ? 1 : 0), 0);
    expect(above).toBe(regions.reduce((sum, { positions }) => sum + positions.length, 0));
  });

  it('stops a running scan and a queued one, and goes on with the next', async () => {
    const controller = new AbortController();
    const running = resultOf(segment(scan, model, { ...loose, signal: controller.signal }));
    const queued = resultOf(segment(scan, model, { ...loose, signal: controller.signal }));
    const next = resultOf(segment(scan, model, loose));
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await expect(queued).rejects.toThrow('enough');
    expect((await next).nodules.length).toBeGreaterThan(0);
    for await (const event of segment(scan, model, loose)) if (event.type === 'progress') break;
    expect((await resultOf(segment(scan, model, loose))).nodules.length).toBeGreaterThan(0);
  });

  it('rejects a queued scan that is aborted without waiting for the running one', async () => {
    const order: string[] = [];
    const controller = new AbortController();
    const running = resultOf(segment(scan, model, loose)).then(() => order.push('running'));
    const queued = resultOf(segment(scan, model, { ...loose, signal: controller.signal })).catch(() =>
      order.push('queued'),
    );
    setTimeout(() => controller.abort(), 5);
    await Promise.all([running, queued]);
    expect(order).toEqual(['queued', 'running']);
  });

  it('takes options without a value for absent ones', async () => {
    const absent = { device: undefined, flips: undefined, out: undefined, series: undefined, signal: undefined };
    const result = await resultOf(segment(scan, model, { ...loose, ...absent } as object));
    expect(result.nodules.length).toBeGreaterThan(0);
  });

  it('takes a volume in shared memory, in a part of a buffer, and with fields of its own', async () => {
    const { nodules } = await resultOf(segment(volume, model, loose));
    const shared = new Int16Array(new SharedArrayBuffer(volume.voxels.byteLength));
    shared.set(volume.voxels);
    const part = new Int16Array(volume.voxels.length + 7).subarray(7);
    part.set(volume.voxels);
    for (const voxels of [shared, part])
      expect((await resultOf(segment({ ...volume, voxels, log: () => {} } as Volume, model, loose))).nodules).toEqual(
        nodules,
      );
  });

  it('runs the same job twice at once', async () => {
    const options = { ...loose, region: 'lungs', resample: false, probabilities: false, allFrames: false } as const;
    const job = { scan: { path: scan, notes: [] }, options, out: null, keep: false };
    const [first, second] = await Promise.all([model.run(job, () => {}), model.run(job, () => {})]);
    expect(second.nodules).toEqual(first.nodules);
    const sent = { ...job, scan: { ...job.scan, log: () => {} } };
    // What cannot be sent to the worker leaves nothing behind that `dispose` would reject unheard.
    await expect(model.run(sent, () => {})).rejects.toThrow('could not be cloned');
  });

  it('writes the files that were asked for, and nodules.json', async () => {
    const out = join(folder, 'written');
    const result = await resultOf(segment(scan, model, { ...loose, out, format: ['nifti', 'csv'] }));
    expect(result.files).toEqual(['labels.nii.gz', 'nodules.csv', 'nodules.json']);
    expect(readdirSync(out).sort()).toEqual([...result.files, 'segment.log.jsonl'].sort());
    expect([...(await readMask(join(out, 'labels.nii.gz'))).voxels]).toEqual([...labelImage(result)]);
    const record = JSON.parse(readFileSync(join(out, 'nodules.json'), 'utf8'));
    expect(record).toMatchObject({ series: volume.uid, model: 'phantom-hu', spacing: volume.spacing });
    expect(record.nodules).toEqual(JSON.parse(JSON.stringify(result.nodules)));
    expect(readFileSync(join(out, 'nodules.csv'), 'utf8').trim().split('\n')).toHaveLength(1 + result.nodules.length);
  });

  it('reads the next scan while one runs, and gives the same', async () => {
    const options = { ...loose, region: 'lungs', resample: false, probabilities: false, allFrames: false } as const;
    const jobs = [1, 2].map(() => ({ scan: { path: scan, notes: [] }, options, out: null, keep: false }));
    const missing = { ...jobs[0]!, scan: { path: join(folder, 'none.mha'), notes: [] } };
    const [first, second] = await Promise.all([
      model.run(jobs[0]!, () => {}, { next: jobs[1], readAhead: true }),
      model.run(jobs[1]!, () => {}, { next: missing, readAhead: true }),
    ]);
    expect(second.nodules).toEqual(first.nodules);
    // The fault of a scan that was read ahead is that of its own job.
    await expect(model.run(missing, () => {})).rejects.toMatchObject({ code: 'scan-missing' });
  });

  it('opens a model for one scan and frees it', async () => {
    const result = await resultOf(segment(scan, 'phantom-hu', { ...loose, device: 'cpu' }));
    expect(result.nodules).toEqual((await resultOf(segment(scan, model, loose))).nodules);
  });
});

describe('segment() refuses', { timeout: 60_000 }, () => {
  const rejection = async (events: AsyncIterable<SegmentEvent>) =>
    (await resultOf(events).then(
      () => null,
      (error) => error,
    )) as NoduleTrainError | null;

  it.each([
    ['a scan without spacing', (v: Volume) => ({ ...v, spacing: null }), 'scan-spacing', 'Give --spacing'],
    ['values that are not HU', (v: Volume) => ({ ...v, offset: 1024 }), 'scan-intensity', 'expected HU with air'],
    ['arbitrary values', (v: Volume): Volume => ({ ...v, intensity: 'arbitrary' }), 'scan-intensity', 'expects HU'],
  ])('%s', async (_, change, code, text) => {
    const error = await rejection(segment(change(volume), model, loose));
    expect(error).toBeInstanceOf(NoduleTrainError);
    expect(error).toMatchObject({ code });
    expect(error!.message).toContain(text);
  });

  it('options that are wrong, or of a model beside an opened one, at once', () => {
    expect(() => segment(scan, model, { threshold: 2 })).toThrow(/threshold/);
    expect(() => segment(scan, model, { flips: true })).toThrow('found flips beside an opened model');
    expect(() => segment(scan, model, { nonsense: 1 } as object)).toThrow(/nonsense/);
  });

  it.each([
    ['a scan that is neither a path nor a volume', null, 'scan-volume'],
    ['a volume whose buffer was transferred', { shape: [1, 1, 1], voxels: new Int16Array(0) }, 'scan-volume'],
  ])('%s', async (_, given, code) => {
    expect(await rejection(segment(given as unknown as Volume, model, loose))).toMatchObject({ code });
  });

  it('a model that is not one, and a batch without scans', async () => {
    for (const given of [undefined, null, [], ['']])
      await expect(openModel(given as unknown as string)).rejects.toMatchObject({ code: 'options' });
    expect(await rejection(segment(scan, undefined as unknown as string))).toMatchObject({ code: 'options' });
    const batch = (paths: readonly string[]) => segmentScans(paths, { model: ['phantom-hu'], out: join(folder, 'no') });
    for (const paths of [[], 'scans' as unknown as string[]])
      await expect(batch(paths).next()).rejects.toMatchObject({ code: 'options' });
    expect(existsSync(join(folder, 'no'))).toBe(false);
  });

  it('a path that does not exist, and a folder with several scans', async () => {
    expect(await rejection(segment(join(folder, 'none.mha'), model))).toMatchObject({ code: 'scan-missing' });
    const set = join(folder, 'two');
    await writePhantoms(set, { count: 2, size: [8, 64, 64], spacing: [5, 5, 12], threads: 1 });
    expect(await rejection(segment(set, model))).toMatchObject({ code: 'scan-several' });
  });

  it('a model that does not exist, and one that was disposed', async () => {
    await expect(openModel(join(folder, 'none.safetensors'))).rejects.toThrow(/none\.safetensors/);
    const closed = await openModel('phantom-hu', { device: 'cpu' });
    const pending = resultOf(segment(scan, closed, loose));
    const rejected = expect(pending).rejects.toMatchObject({ code: 'model-closed' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await closed.dispose();
    await rejected;
    expect(await rejection(segment(scan, closed))).toMatchObject({ code: 'model-closed' });
    expect(existsSync(scan)).toBe(true);
  });
});
