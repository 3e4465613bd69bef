import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask, writeMask, writeVolume } from '../../../dist/ct/index.js';
import { openDataset, prepare } from '../../../dist/data/index.js';
import { type EvaluateOptions, type Evaluation, evaluate } from '../../../dist/evaluate/evaluate.js';
import { manualSeed, nn } from '../../../dist/torch/index.js';
import { resolveTrainConfig } from '../../../dist/train/config/config.js';
import { describeModel } from '../../../dist/train/parts/describeModel.js';
import { networkOptions } from '../../../dist/train/parts/networkOptions.js';
import { saveCheckpoint } from '../../../dist/train/run/checkpoint.js';
import { initialState } from '../../../dist/train/run/runState.js';
import { cropShape, writeNnunetFixture } from '../../support/datasets.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildVolume, gridOf } from '../../support/volume.js';

const folder = scratchFolder('predictions');
let data: string;
const names = Array.from({ length: 12 }, (_, i) => `LIDC-IDRI-${String(i >> 1).padStart(4, '0')}_n${i & 1}`);
beforeAll(async () => {
  data = await writeNnunetFixture(join(folder, 'data'), {
    cases: Object.fromEntries(names.map((name, i) => [name, i % 4 === 3 ? 0 : 5 + (i % 3)])),
  });
});

const geometry = gridOf(cropShape);
const truthOf = async (name: string) => (await readMask(join(data, 'labelsTr', `${name}.mha`))).voxels;

/** Writes a folder of predicted masks, each made from the truth of its case. */
async function predict(dir: string, makeMask: (truth: Uint8Array, n: number) => Uint8Array, ending = '.nii.gz') {
  mkdirSync(join(folder, dir), { recursive: true });
  for (const [n, name] of names.entries())
    await writeMask(join(folder, dir, `${name}${ending}`), {
      ...geometry,
      uid: name,
      voxels: makeMask(await truthOf(name), n),
    });
  return join(folder, dir);
}

const shifted = (truth: Uint8Array, by: number) => truth.map((_, at) => truth[at - by] ?? 0);

/** Figures that do not depend on where the cases come from. */
const figures = ({ operatingPoint: _, notes: __, ...rest }: Evaluation) => rest;

describe('scoring predictions of other programs', () => {
  it('gives the truth itself full marks, from any image format', async () => {
    for (const ending of ['.nii.gz', '.mha', '.nrrd']) {
      const predictions = await predict(`truth${ending}`, (truth) => truth, ending);
      expect(await evaluate({ data, predictions })).toMatchObject({
        scans: 12,
        patients: 6,
        nodules: 12,
        withoutAgreement: 3,
        leftEmpty: 3,
        missed: 0,
        joint: 1,
        quality: 1,
        dice3d: { mean: 1, median: 1, pooled: 1 },
        jointOfEmpty: 0.25,
        trainedOn: null,
      });
    }
  });

  it('computes each figure as it is defined', async () => {
    // Every third case is empty, the others are shifted by two columns; case 7, without agreement, is not left empty.
    const predictions = await predict('shifted', (truth, n) =>
      n % 3 === 0
        ? new Uint8Array(truth.length)
        : n === 7
          ? new Uint8Array(truth.length).fill(1, 0, 20)
          : shifted(truth, 2),
    );
    const dice: number[] = [];
    let [shared, both] = [0, 20];
    for (const [n, name] of names.entries()) {
      const truth = await truthOf(name);
      const size = truth.reduce((sum, value) => sum + value, 0);
      if (size === 0) continue;
      const mask = n % 3 === 0 ? new Uint8Array(truth.length) : shifted(truth, 2);
      const [same, predicted] = [0, 0].map((_, which) =>
        mask.reduce((sum, value, at) => sum + (value && (which || truth[at]) ? 1 : 0), 0),
      ) as [number, number];
      dice.push((2 * same) / (size + predicted));
      shared += same;
      both += size + predicted;
    }
    const sum = dice.reduce((a, b) => a + b, 0);
    const found = await evaluate({ data, predictions });
    expect(found.dice3d.mean).toBeCloseTo(sum / 9, 12);
    expect(found.dice3d.pooled).toBeCloseTo((2 * shared) / both, 12);
    expect(found).toMatchObject({ missed: dice.filter((one) => one === 0).length, withoutAgreement: 3, leftEmpty: 2 });
    expect(found.joint).toBeCloseTo((sum + 2) / 12, 12);
    expect(found.quality).toBeCloseTo((sum / 9) * (1 - 0.5 / 3), 12);
    expect(found.intervals.joint!.low).toBeLessThan(found.joint as number);
    expect(found.intervals.joint!.high).toBeGreaterThan(found.joint as number);
  });

  it('applies the threshold to probabilities, and counts every value of a mask except 0', async () => {
    const dir = join(folder, 'probabilities');
    mkdirSync(dir, { recursive: true });
    for (const name of names) {
      const voxels = Int16Array.from(await truthOf(name), (value) => (value ? 40 : 20));
      const change = { uid: name, intensity: 'arbitrary', scale: 0.01 } as const;
      await writeVolume(join(dir, `${name}.mha`), buildVolume(cropShape, voxels, change));
    }
    const at = async (threshold?: number) =>
      (await evaluate({ data, predictions: dir, ...(threshold && { threshold }) })).dice3d.mean;
    expect([await at(0.3), await at()]).toEqual([1, 0]);
    const numbered = await predict('numbered', (truth) => truth.map((value, k) => value * (1 + (k % 3))));
    expect((await evaluate({ data, predictions: numbered })).dice3d.mean).toBe(1);
  });

  it('scores one fold, or one part of a split', async () => {
    const predictions = await predict('all', (truth) => truth);
    const parts = await Promise.all([0, 1, 2].map((fold) => evaluate({ data, predictions, folds: 3, fold })));
    expect(parts.reduce((sum, { scans }) => sum + scans, 0)).toBe(12);
    expect(Math.max(...parts.map(({ scans }) => scans))).toBeLessThan(12);
    const refused = (more: Partial<EvaluateOptions>) => evaluate({ data, predictions, ...more });
    await expect(refused({ folds: 3 })).rejects.toThrow('found `folds` 3 without `fold`');
    await expect(refused({ fold: 9, folds: 3 })).rejects.toThrow('found 3 folds, expected a number from 0 to 2');
    await expect(refused({ model: 'a.pt' })).rejects.toThrow(
      'found both of `model` and `predictions`, expected one. Give --model or --predictions.',
    );
  });

  it('refuses a missing prediction, one of another shape or grid, and values that are not probabilities', async () => {
    const predictions = await predict('faulty', (truth) => truth, '.mha');
    const name = names[4] as string;
    const write = (change: object, voxels = new Uint8Array(4 * 64 * 64)) =>
      writeMask(join(predictions, `${name}.mha`), { ...geometry, uid: name, voxels, ...change });
    const scored = () => evaluate({ data, predictions });
    await write({ shape: [4, 64, 32] }, new Uint8Array(4 * 64 * 32));
    // A part of the scan's grid: nothing is predicted outside it.
    await expect(scored()).resolves.toMatchObject({ scans: 12 });
    await write({ shape: [4, 64, 32], spacing: [2, 2, 2] }, new Uint8Array(4 * 64 * 32));
    await expect(scored()).rejects.toThrow(/reading the prediction .*0002_n0\.mha: /);
    await write({ shape: [4, 64, 32], origin: [5.4, 0, 0] }, new Uint8Array(4 * 64 * 32));
    await expect(scored()).rejects.toMatchObject({ code: 'mask-grid' });
    const tooHigh = buildVolume(cropShape, 3, { uid: name, intensity: 'arbitrary', scale: 0.5 });
    await writeVolume(join(predictions, `${name}.mha`), tooHigh);
    await expect(scored()).rejects.toThrow('voxel number 0 is 1.5, expected probabilities from 0 to 1');
    rmSync(join(predictions, `${name}.mha`));
    await expect(scored()).rejects.toThrow(/found none for the case LIDC-IDRI-0002_n0 among 11 images, expected/);
    rmSync(join(predictions, `${names[9]}.mha`));
    await write({ uid: 'x' });
    renameSync(join(predictions, `${name}.mha`), join(predictions, `${name}_0000.mha`));
    await expect(scored()).rejects.toThrow(
      'LIDC-IDRI-0002_n0 and 1 others, of 12 scans, among 11 images (one is called LIDC-IDRI-0002_n0_0000.mha)',
    );
    rmSync(join(predictions, `${name}_0000.mha`));
    await writeMask(join(predictions, `${names[9]}.mha`), {
      ...geometry,
      uid: 'x',
      voxels: new Uint8Array(4 * 64 * 64),
    });
    await expect(evaluate({ data, predictions: join(folder, 'nowhere') })).rejects.toThrow('there is no such folder');
    await write({});
    await writeMask(join(predictions, `${name}.nii.gz`), {
      ...geometry,
      uid: name,
      voxels: new Uint8Array(4 * 64 * 64),
    });
    await expect(scored()).rejects.toThrow('for the case LIDC-IDRI-0002_n0, expected one file. Remove the other.');
  });
});

describe('predictions for data with several labels', () => {
  const cases = { a: 6, b: 7, c: 0 };
  const labels = { background: 0, lung: 1, nodule: 2 };
  let several: string;
  beforeAll(async () => {
    several = await writeNnunetFixture(join(folder, 'several'), { cases, value: 2, json: { labels } });
  });
  /** A folder of predictions made from the label images of the data. */
  const coded = async (dir: string, value: (label: number, at: number) => number) => {
    mkdirSync(join(folder, dir), { recursive: true });
    for (const name of Object.keys(cases)) {
      const { voxels } = await readMask(join(several, 'labelsTr', `${name}.mha`));
      await writeMask(join(folder, dir, `${name}.mha`), { ...geometry, uid: name, voxels: voxels.map(value) });
    }
    return join(folder, dir);
  };
  const source = { label: 'nodule' };

  it('in the coding of the data score 1 if they are perfect, from the folder and from a store of it', async () => {
    const predictions = await coded('coded', (label, at) => label || (at % 64 < 8 ? 1 : 0));
    const store = join(folder, 'several-store');
    await prepare({ data: several, label: 'nodule', out: store, workers: 1 });
    for (const options of [{ data: several, source }, { data: store }])
      expect(await evaluate({ ...options, predictions })).toMatchObject({
        joint: 1,
        quality: 1,
        dice3d: { pooled: 1 },
      });
    cpSync(join(several, 'labelsTr'), join(folder, 'copied'), { recursive: true });
    expect((await evaluate({ data: several, source, predictions: join(folder, 'copied') })).joint).toBe(1);
    // As floats, which some programs write.
    const floats = join(folder, 'floats');
    mkdirSync(floats);
    for (const name of Object.keys(cases)) {
      const { voxels } = await readMask(join(predictions, `${name}.mha`));
      const change = { uid: name, intensity: 'arbitrary', scale: 0.5 } as const;
      const volume = buildVolume(
        cropShape,
        Int16Array.from(voxels, (value) => 2 * value),
        change,
      );
      await writeVolume(join(floats, `${name}.mha`), volume);
    }
    expect((await evaluate({ data: several, source, predictions: floats })).joint).toBe(1);
  });

  it('are read with another value if one is given', async () => {
    const predictions = await coded('swapped', (label) => (label === 2 ? 5 : 2));
    const scored = (predictionLabel?: string) =>
      evaluate({ data: several, source, predictions, ...(predictionLabel && { predictionLabel }) });
    await expect(scored()).rejects.toMatchObject({
      code: 'prediction-value',
      message: expect.stringMatching(/found the value 5, expected one of .*\(0, 1, 2; nodule: 2\)/),
    });
    expect((await scored('5')).joint).toBe(1);
    expect((await scored('5,2')).dice3d.pooled).toBeLessThan(0.2);
    await expect(scored('all')).rejects.toMatchObject({ code: 'evaluate-options' });
  });

  it('that are masks of 0 and 1 are an error and not a score of 0', async () => {
    const predictions = await coded('binary', (label) => (label === 2 ? 1 : 0));
    const scored = (predictionLabel?: string) =>
      evaluate({ data: several, source, predictions, ...(predictionLabel && { predictionLabel }) });
    await expect(scored()).rejects.toMatchObject({
      code: 'prediction-label',
      message: expect.stringMatching(/none of 3 holds 2, .* found only 1 beside 0\. .*--prediction-label 1 \(or any\)/),
    });
    for (const label of ['1', 'any']) expect((await scored(label)).joint).toBe(1);
    expect(await scored('2')).toMatchObject({
      dice3d: { mean: 0 },
      notes: expect.arrayContaining(['None of 3 predictions holds 2; found only 1 beside 0.']),
    });
    const empty = await coded('empty', () => 0);
    expect((await evaluate({ data: several, source, predictions: empty })).dice3d.mean).toBe(0);
  });

  it('of no scan are reported', async () => {
    const predictions = await coded('more', (label) => label);
    for (const name of ['d', 'e']) cpSync(join(predictions, 'a.mha'), join(predictions, `${name}.mha`));
    const { notes } = await evaluate({ data: several, source, predictions });
    expect(notes).toContain('2 predictions are of no scan of these data and were not scored (first: d.mha).');
  });
});

describe('lost labels', () => {
  const shape = [16, 64, 64] as const;
  /** A scan with two nodules, the second of them as often in the list as `lines` says, and an empty prediction. */
  const luna = async (name: string, ...lines: string[]) => {
    const data = join(folder, name);
    for (const dir of ['subset0', 'empty']) mkdirSync(join(data, dir), { recursive: true });
    const isDense = (s: number, r: number, c: number) =>
      [16, 48].some((column) => Math.hypot(s - 8, r - 32, c - column) < 5);
    const volume = buildVolume(shape, (s, r, c) => (isDense(s, r, c) ? 40 : -850), { uid: 'a' });
    await writeVolume(join(data, 'subset0', 'a.mhd'), volume);
    await writeMask(join(data, 'empty', 'a.mha'), { ...gridOf(shape), uid: 'a', voxels: new Uint8Array(16 * 64 * 64) });
    const list = ['seriesuid,coordX,coordY,coordZ,diameter_mm', 'a,16,32,8,10', 'a,48,32,8,10', ...lines];
    writeFileSync(join(data, 'annotations.csv'), `${list.join('\n')}\n`);
    return data;
  };

  it('outside the volume, doubled or without a voxel do not raise the score of an empty prediction', async () => {
    const plain = await luna('plain');
    const lossy = await luna('lossy', 'a,500,32,8,10', 'a,16,32,8,10', 'a,32,32,8,');
    const score = (data: string) => evaluate({ data, predictions: join(data, 'empty') });
    const [{ labels, ...expected }, { labels: lost, ...found }] = [await score(plain), await score(lossy)];
    expect(expected).toMatchObject({ nodules: 2, withoutAgreement: 0, joint: 0, jointOfEmpty: 0, missed: 2 });
    expect(found).toEqual(expected);
    expect([labels.annotated, labels.used, lost.annotated, lost.used]).toEqual([2, 2, 5, 2]);
    expect(lost.lost).toMatchObject({ outside: 1, duplicate: 1, 'no-voxel': 1 });
  });

  it('stop scoring if they are most, and are listed in a file', async () => {
    const data = await luna('swapped', ...[1, 2, 3].map((x) => `a,8,32,${40 + x * 4},10`));
    const lostLabelsCsv = join(folder, 'lost.csv');
    const options = { data, predictions: join(data, 'empty'), lostLabelsCsv };
    await expect(evaluate(options)).rejects.toMatchObject({
      code: 'labels-lost',
      message: expect.stringMatching(/^scoring .*3 of 5 annotations .* All: .*lost\.csv/),
    });
    expect(readFileSync(lostLabelsCsv, 'utf8').trim().split('\n')).toHaveLength(4);
    expect((await evaluate({ ...options, source: { allowLostLabels: true } })).nodules).toBe(2);
  });
});

describe('crops from a prepared store', () => {
  it('give the same figures as the nnU-Net folder, for a model and for predictions', async () => {
    const store = join(folder, 'store');
    await prepare({ data, out: store, workers: 1 });
    expect((await openDataset(store)).kind).toBe('store');
    manualSeed(4);
    const config = resolveTrainConfig({ data, out: 'run', contextSlices: 1, network: { depth: 2, wf: 2 } });
    const model = join(folder, 'model.safetensors');
    saveCheckpoint(
      model,
      { net: nn.unet(networkOptions(config)), description: describeModel(config, ['LIDC-IDRI-0001'], 'arbitrary') },
      { config, state: initialState() },
    );
    const predictions = await predict('both', (truth, n) => (n % 2 ? truth : shifted(truth, 3)));
    for (const what of [{ predictions }, { model, threshold: 0.45, minimumVoxels: 1 }])
      for (const part of [{}, { folds: 3, fold: 1 }]) {
        const [raw, stored] = [
          await evaluate({ data, ...what, ...part }),
          await evaluate({ data: store, ...what, ...part }),
        ];
        expect(figures(stored)).toEqual(figures(raw));
        expect(raw.scans).toBeGreaterThan(0);
      }
  });
});
