import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMask, readPrediction, writeMask } from '../../../../dist/ct/index.js';
import { readMaskFor } from '../../../../dist/labels/index.js';
import { maskRule } from '../../../../dist/labels/rules/maskRule.js';
import { voteRule } from '../../../../dist/labels/rules/voteRule.js';
import { scratchFolder } from '../../../support/scratch.js';
import { buildVolume } from '../../../support/volume.js';

const folder = scratchFolder('label-values');
const scan = buildVolume([2, 3, 4], 0, { spacing: [0.5, 0.75, 2], origin: [-10, 20, -30] });
let made = 0;

const types = {
  MET_UCHAR: Uint8Array,
  MET_USHORT: Uint16Array,
  MET_SHORT: Int16Array,
  MET_FLOAT: Float32Array,
  MET_DOUBLE: Float64Array,
};

/** A MetaImage on the grid of the scan. */
const image = async (type: keyof typeof types, values: number[]): Promise<string> => {
  const path = join(folder, `a${made++}.mha`);
  const header = [
    'NDims = 3',
    'DimSize = 4 3 2',
    'ElementSpacing = 0.5 0.75 2',
    'Offset = -10 20 -30',
    `ElementType = ${type}`,
    'ElementDataFile = LOCAL',
    '',
  ];
  await writeFile(path, Buffer.concat([Buffer.from(header.join('\n')), Buffer.from(types[type].from(values).buffer)]));
  return path;
};

/** A NIfTI file of bytes whose header scales them. */
const scaled = async (values: number[], slope: number, intercept: number): Promise<string> => {
  const path = join(folder, `a${made++}.nii`);
  await writeMask(path, { ...scan, voxels: Uint8Array.from(values) });
  const bytes = Buffer.from(readFileSync(path));
  bytes.writeFloatLE(slope, 112);
  bytes.writeFloatLE(intercept, 116);
  await writeFile(path, bytes);
  return path;
};

const labels = [0, 1, 2, 0, 0, 0, 3, 3, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0];
const read = async (path: string) => {
  const notes: string[] = [];
  const { voxels } = await readMask(path, { onNote: (text) => notes.push(text) });
  return { voxels: [...voxels], notes };
};

describe('labels', () => {
  it('are read from floats, without a note', async () => {
    for (const type of ['MET_FLOAT', 'MET_DOUBLE', 'MET_SHORT'] as const)
      expect(await read(await image(type, labels))).toEqual({ voxels: labels, notes: [] });
  });

  it('whose slope drifted are rounded, with a note', async () => {
    const { voxels, notes } = await read(await scaled(labels, 1.0000153, 1e-5));
    expect(voxels).toEqual(labels);
    expect(notes.join()).toMatch(/24 of its 24 values are not whole numbers, but within 0\.001 of one .* are rounded/);
    expect(
      (
        await read(
          await image(
            'MET_FLOAT',
            labels.map((value) => value + 9e-4),
          ),
        )
      ).voxels,
    ).toEqual(labels);
    const vote = await voteRule().label(scan, {
      seriesUid: 'scan',
      annotations: [],
      votes: await scaled(labels, 1.0000153, 1e-5),
    } as never);
    expect([...vote.mask]).toEqual(labels.map((value) => +(value >= 2)));
  });

  it.each([
    ['a half', 0.5],
    ['two thousandths', 1.002],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a negative number', -1],
    ['a large number', 300],
  ])('are refused with %s, with its place', async (_, value) => {
    const path = await image('MET_FLOAT', labels.with(6, value));
    await expect(readMask(path)).rejects.toMatchObject({
      code: 'mask-value',
      message: expect.stringMatching(/voxel \[0, 1, 2\] is .*, expected whole numbers from 0 to 255/),
    });
  });

  it('above 255 mark a nodule as any other number of one, with a note', async () => {
    const numbered = labels.map((value) => value * 150);
    const path = await image('MET_USHORT', numbered);
    const notes: string[] = [];
    const voxels = await readMaskFor(scan, path, { onNote: (text) => notes.push(text) });
    expect([...voxels]).toEqual(numbered.map((value) => Math.min(value, 255)));
    expect(notes.join()).toMatch(/4 voxels have labels above 255 \(up to 38250\), such as instance numbers/);
    const { mask } = await maskRule().label(scan, { seriesUid: 'scan', annotations: [], mask: path } as never);
    expect([...mask]).toEqual(labels.map((value) => +(value > 0)));
  });

  it('above 255 with few zeros are those of a scan, and refused', async () => {
    const path = await image(
      'MET_USHORT',
      labels.map((value) => 1000 + value),
    );
    await expect(readMaskFor(scan, path)).rejects.toMatchObject({ code: 'mask-value' });
  });
});

describe('a prediction', () => {
  it('is a mask where its slope drifted', async () => {
    const ones = labels.map((value) => +(value > 0));
    const { isMask, probabilities } = await readPrediction(await scaled(ones, 1.0000153, 1e-5));
    expect([isMask, [...probabilities]]).toEqual([true, ones]);
  });

  it('of probabilities may be off by the rounding of floats', async () => {
    const values = labels.map((value) => (value > 0 ? 1.0000002 : 0.25));
    const { isMask, probabilities } = await readPrediction(await image('MET_DOUBLE', values));
    expect([isMask, Math.max(...probabilities)]).toEqual([false, 1]);
    await expect(readPrediction(await image('MET_FLOAT', values.with(1, 1.5)))).rejects.toMatchObject({
      code: 'prediction-value',
    });
  });
});
