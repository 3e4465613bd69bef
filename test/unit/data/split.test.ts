import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSplit, drawSplit, readSplit, type Split, writeSplit } from '../../../dist/data/splits/split.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const folder = scratchFolderPerTest('split');

const scans = (patients: number, each = 2) =>
  Array.from({ length: patients * each }, (_, i) => ({ uid: `series-${i}`, patient: `patient-${i % patients}` }));

const patientOf = new Map(scans(500).map(({ uid, patient }) => [uid, patient]));

describe('a split', () => {
  it('puts both scans of a patient on one side, and every scan on exactly one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 60 }), fc.integer({ min: 0, max: 1000 }), (patients, seed) => {
        const all = Array.from({ length: patients * 2 }, (_, i) => ({ uid: `s${i}`, patient: `p${i % patients}` }));
        const split = drawSplit(all, { seed, validationShare: 0.2, testShare: 0.2 });
        const sides = [split.train, split.validation, split.test];
        const patientsOf = (uids: string[]) => new Set(uids.map((uid) => Number(uid.slice(1)) % patients));
        expect(sides.flat().sort()).toEqual(all.map(({ uid }) => uid).sort());
        expect(sides.reduce((sum, side) => sum + patientsOf(side).size, 0)).toBe(patients);
        for (const side of sides) expect(side.length).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  });

  it('meets its fraction on average', () => {
    const split = drawSplit(scans(500), { seed: 3, validationShare: 0.2 });
    expect(new Set(split.validation.map((uid) => patientOf.get(uid))).size).toBeGreaterThan(70);
    expect(new Set(split.validation.map((uid) => patientOf.get(uid))).size).toBeLessThan(130);
  });

  it('moves nobody when a tenth of the patients is missing', () => {
    const before = drawSplit(scans(500), { seed: 5 });
    const after = drawSplit(
      scans(500).filter(({ patient }) => !patient.endsWith('7')),
      { seed: 5 },
    );
    const validation = new Set(before.validation);
    for (const uid of after.validation) expect(validation.has(uid)).toBe(true);
    for (const uid of after.train) expect(validation.has(uid)).toBe(false);
  });

  it('differs from seed to seed and repeats for one', () => {
    expect(drawSplit(scans(50), { seed: 1 })).toEqual(drawSplit(scans(50).reverse(), { seed: 1 }));
    expect(drawSplit(scans(50), { seed: 1 }).validation).not.toEqual(drawSplit(scans(50), { seed: 2 }).validation);
  });

  it('is by series if a patient is unknown, and records it', () => {
    const split = drawSplit(scans(20).map((scan, i) => (i === 4 ? { ...scan, patient: null } : scan)));
    expect(split.unit).toBe('series');
    expect(drawSplit(scans(20)).unit).toBe('patient');
  });

  it('of two series gives each side one', () => {
    const split = drawSplit(
      [
        { uid: 'a', patient: null },
        { uid: 'b', patient: null },
      ],
      { seed: 1 },
    );
    expect([split.train.length, split.validation.length]).toEqual([1, 1]);
  });

  it('with an empty side is refused', () => {
    expect(() => drawSplit(scans(1))).toThrow(
      'splitting 2 scans by patient: found 1 patients, expected at least one for each of train, validation. Add scans',
    );
    const split = drawSplit(scans(10));
    expect(() => checkSplit({ ...split, validation: [] })).toThrow(
      'found no series in its validation part, expected at least one',
    );
    expect(() => checkSplit(split, ['test'])).toThrow('found no series in its test part, expected at least one');
  });

  it('with a series on two sides is refused', () => {
    const split = drawSplit(scans(10));
    const twice: Split = { ...split, validation: [split.train[0] as string] };
    expect(() => checkSplit(twice)).toThrow(`series ${split.train[0]} is in train and in validation`);
  });

  it('by stride validates on every tenth series, whatever the patient', () => {
    const split = drawSplit(scans(10), { strideSplit: true });
    expect(split.unit).toBe('series');
    expect(split.validation).toHaveLength(2);
  });

  it('is read back from its file', async () => {
    const path = join(folder, 'split.json');
    const split = drawSplit(scans(10), { seed: 9, testShare: 0.3 });
    await writeSplit(path, split);
    expect(await readSplit(path)).toEqual(split);
    expect(JSON.parse(await readFile(path, 'utf8')).format).toBe('nodule-train-split');
  });

  it('from an invalid file is refused with the field', async () => {
    const path = join(folder, 'split.json');
    await writeFile(path, JSON.stringify({ ...drawSplit(scans(10)), train: 'all' }));
    await expect(readSplit(path)).rejects.toThrow(/reading the split .*split\.json: train: /);
    await writeFile(path, '{');
    await expect(readSplit(path)).rejects.toMatchObject({ code: 'split-file' });
  });
});
