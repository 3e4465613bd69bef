import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepare } from '../../../dist/data/index.js';
import { froc, readMarks, readSeriesUids } from '../../../dist/evaluate/index.js';
import { NoduleTrainError } from '../../../dist/runtime/index.js';
import { writeCrop } from '../../support/datasets.js';
import { scratchFolderPerTest } from '../../support/scratch.js';
import { writeTinyScans } from '../../support/tinyScans.js';

const scratch = scratchFolderPerTest('froc');
const file = (name: string, text: string) => {
  writeFileSync(path.join(scratch, name), text);
  return path.join(scratch, name);
};
const HEADER = 'seriesuid,coordX,coordY,coordZ,probability\n';

describe('a list of marks', () => {
  it('has named columns in any order, comments, blank lines and a byte order mark', async () => {
    const list = file(
      'marks.csv',
      '\ufeff# Research use only\nprobability,note,seriesuid,coordZ,coordY,coordX\r\n\n0.5,x, a ,3,2,1\n# end\n-2.5e1,,b,0,-0,1e2\n',
    );
    expect(await readMarks(list)).toEqual([
      { uid: 'a', center: [1, 2, 3], probability: 0.5 },
      { uid: 'b', center: [100, -0, 0], probability: -25 },
    ]);
    expect(await readMarks(file('none.csv', HEADER))).toEqual([]);
  });

  it.each([
    ['', 'line 1: found "" without seriesuid, coordX, coordY, coordZ, probability, expected LUNA16\'s header'],
    ['seriesuid,coordX,coordY,coordZ\n', 'line 1: found "seriesuid,coordX,coordY,coordZ" without probability'],
    [`# one\n${HEADER}a,1,2,3,NaN\n`, 'line 3: probability is "NaN", expected a number'],
    [`${HEADER}a,1,2,3,0.5\na,1,,3,0.5\n`, 'line 3: coordY is "", expected a number'],
    [`${HEADER}a,1,2,Infinity,0.5\n`, 'line 2: coordZ is "Infinity", expected a number'],
    [`${HEADER},1,2,3,0.5\n`, 'line 2: seriesuid is "", expected the UID of a series'],
    [`${HEADER}a,1,2,3\n`, 'line 2: '],
  ])('is refused as %j', async (text, found) => {
    await expect(readMarks(file('marks.csv', text))).rejects.toThrow(`marks.csv, ${found}`);
  });

  it('is refused if it is not there', async () => {
    await expect(readMarks(path.join(scratch, 'no.csv'))).rejects.toThrow('no.csv: no such file. Give the path');
  });
});

describe('a list of series', () => {
  it('has one UID per line, with or without a header', async () => {
    expect(await readSeriesUids(file('a.csv', '1.2\n# 1.3\n1.4\r\n\n'))).toEqual(['1.2', '1.4']);
    expect(await readSeriesUids(file('b.csv', 'seriesuid\n1.2'))).toEqual(['1.2']);
  });

  it.each([
    ['\n', 'no series'],
    ['1.2\n1.3\n1.2\n', '1.2 is on line 1 and on line 3'],
    ['1.2,5\n', 'line 1 has 2 fields'],
  ])('is refused as %j', async (text, found) => {
    await expect(readSeriesUids(file('uids.csv', text))).rejects.toThrow(`uids.csv: ${found}, expected one series UID`);
  });
});

describe('froc from files', () => {
  const lists = (marks = 'a,1,2,3,0.9\nb,9,9,9,0.4\nz,0,0,0,1\n') => ({
    marks: file('marks.csv', HEADER + marks),
    annotations: file('annotations.csv', 'seriesuid,coordX,coordY,coordZ,diameter_mm\na,1,2,4,6\ny,0,0,0,5\n'),
    excluded: file('excluded.csv', 'seriesuid,coordX,coordY,coordZ,diameter_mm\nb,9,9,5.5,-1\n'),
    seriesuids: file('seriesuids.csv', 'a\nb\nc\n'),
  });

  it('scores LUNA16 lists: scans of the list only, excluded findings ignored, others counted', async () => {
    const out = path.join(scratch, 'new', 'out');
    const result = await froc({ ...lists(), out });
    expect(result).toMatchObject({ scans: 3, nodules: 1, found: 1, cpm: 1, cpmInterval: null, marksElsewhere: 1 });
    expect(result.marks).toEqual({ total: 2, beyondMaximum: 0, onNodules: 1, onExcluded: 1, falsePositives: 0 });
    expect(result.notes).toEqual([
      'No intervals: intervals need at least 10 scans, and there are 3.',
      '1 of 3 scans have no mark.',
    ]);
    expect(readFileSync(path.join(out, 'froc.csv'), 'utf8')).toBe('threshold,falsePerScan,sensitivity\n0.9,0,1\n');
    const json = JSON.parse(readFileSync(path.join(out, 'froc.json'), 'utf8'));
    expect(json).toMatchObject({
      format: 'nodule-train-froc',
      notice: 'Research use only, not a medical device',
      marksFile: { name: 'marks.csv', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      options: { maximumMarks: 100, bootstraps: 1000, seed: 1 },
      cpm: 1,
      best: [{ uid: 'a', center: [1, 2, 4], diameterMm: 6, probability: 0.9 }],
    });
    expect(json.curve).toBeUndefined();
    expect(readFileSync(path.join(out, 'froc.svg'), 'utf8')).toContain('FROC, CPM 1.000');
  });

  it('writes nothing without a folder', async () => {
    expect((await froc(lists())).cpm).toBe(1);
    expect(existsSync(path.join(scratch, 'froc.json'))).toBe(false);
  });

  it('scores an empty list of marks', async () => {
    expect(await froc({ ...lists(''), out: path.join(scratch, 'out') })).toMatchObject({ cpm: 0, found: 0 });
  });

  it('refuses marks that are all on series without truth', async () => {
    const error: NoduleTrainError = await froc(lists('q,0,0,0,1\nr,0,0,0,1\n')).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(NoduleTrainError);
    expect(error.code).toBe('froc-scans');
    expect(error.message).toContain(
      'none of its 2 marks is on a series that the truth names; the first is on q, the first',
    );
  });

  it('accepts marks that are all on scans that are not scored', async () => {
    expect(await froc(lists('y,0,0,0,1\n'))).toMatchObject({ cpm: 0, marksElsewhere: 1 });
  });

  it.each([
    ['no --annotations', { annotations: undefined }],
    ['no --seriesuids', { seriesuids: undefined }],
    ['both --data and --annotations', { data: 'scans' }],
    ['the option `fold` without --data', { fold: 0 }],
    ['the option `label` without --data', { source: { label: 'nodule' } }],
  ])('refuses %s', async (found, options) => {
    await expect(froc({ ...lists(), ...options } as Parameters<typeof froc>[0])).rejects.toThrow(`found ${found}`);
  });

  it('takes scans and nodules from a data folder, a fold of it, and a store made from it', async () => {
    const data = path.join(scratch, 'scans');
    await writeTinyScans(data);
    const rows = readFileSync(path.join(data, 'annotations.csv'), 'utf8').trim().split('\n').slice(1);
    const places = rows.map((row) => row.split(',').slice(0, 4).join(','));
    const marks = file('marks.csv', HEADER + places.map((place) => `${place},0.5\n`).join(''));
    const all = await froc({ marks, data });
    expect(all).toMatchObject({ scans: 4, nodules: rows.length, found: rows.length, cpm: 1, marksElsewhere: 0 });
    const own = rows.filter((row) => row.startsWith('phantom-standard-1-0002,'));
    const fold = await froc({ marks, data, fold: 2 });
    expect(fold).toMatchObject({ scans: 1, nodules: own.length, marksElsewhere: rows.length - own.length });
    // One nodule is excluded, at its own place: its mark is ignored, in the folder and in the store.
    const [first, ...others] = readFileSync(path.join(data, 'annotations.csv'), 'utf8').trim().split('\n').slice(1);
    const header = 'seriesuid,coordX,coordY,coordZ,diameter_mm\n';
    writeFileSync(path.join(data, 'annotations_excluded.csv'), `${header}${first}\n`);
    writeFileSync(path.join(data, 'annotations.csv'), `${header}${others.join('\n')}\n`);
    const expected = { nodules: rows.length - 1, found: rows.length - 1, cpm: 1 };
    const excluded = await froc({ marks, data });
    expect(excluded).toMatchObject({ ...expected, marks: { onExcluded: 1, falsePositives: 0 } });
    const store = path.join(scratch, 'store');
    await prepare({ data, out: store, labels: 'sphere', workers: 1 });
    const steps: number[] = [];
    const prepared = await froc({ marks, data: store, onProgress: (done) => steps.push(done) });
    expect(prepared).toMatchObject({ ...expected, marks: { onExcluded: 1, falsePositives: 0 } });
    expect(prepared.best).toEqual(excluded.best);
    expect(steps).toEqual([1, 2, 3, 4]);
  });

  it('gives nodules of label images the diameter of their volume', async () => {
    const data = path.join(scratch, 'pairs');
    mkdirSync(data);
    await writeCrop(path.join(data, 'images', 'one.mha'), path.join(data, 'labels', 'one.mha'), 6);
    const result = await froc({ marks: file('marks.csv', `${HEADER}one,0,0,0,1\n`), data });
    expect(result.best[0]!.diameterMm).toBeGreaterThan(4);
    expect(result.marks.falsePositives).toBe(1);
  });
});
