import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignFold, drawFolds, sharesPatients, splitFromFold } from '../../../dist/data/index.js';

const scans = (patients: number) =>
  Array.from({ length: patients * 2 }, (_, i) => ({ uid: `s${i}`, patient: `p${i % patients}` }));

describe('folds by patient', () => {
  it('are SHA-256 of nodule-train: and the name, modulo their number', () => {
    // python -c "import hashlib; print(int(hashlib.sha256(b'nodule-train:LIDC-IDRI-0004').hexdigest(), 16) % 5)"
    expect(['0004', '0011', '0013', '0078', '1012'].map((n) => assignFold(`LIDC-IDRI-${n}`, 5))).toEqual([
      2, 3, 2, 2, 4,
    ]);
  });

  it('validate every scan once, and never a training patient', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 60 }), fc.integer({ min: 2, max: 10 }), (patients, count) => {
        const all = scans(patients);
        const { folds, unit } = drawFolds(all, count);
        expect([unit, folds.length]).toEqual(['patient', count]);
        expect(folds.flatMap(({ validation }) => validation).sort()).toEqual(all.map(({ uid }) => uid).sort());
        for (const fold of folds) {
          expect(fold.train.length + fold.validation.length).toBe(all.length);
          expect(sharesPatients(all, fold)).toBe(false);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keep a patient in its fold when others leave', () => {
    const few = drawFolds(scans(60).slice(0, 20), 5).folds;
    const many = drawFolds(scans(60), 5).folds;
    few.forEach((fold, number) => {
      for (const uid of fold.validation) expect(many[number]!.validation).toContain(uid);
    });
  });

  it('of the data are by series if a patient is on both sides', () => {
    const data = { dir: 'd', scans: scans(2), folds: [{ train: ['s0', 's1'], validation: ['s2'] }] };
    expect(sharesPatients(data.scans, data.folds[0]!)).toBe(true);
    expect(splitFromFold(data, { fold: 0 }).unit).toBe('series');
  });

  it('that the data do not have are refused with what to do', () => {
    expect(() => splitFromFold({ dir: 'd', scans: scans(9), folds: [] }, { fold: 0 })).toThrow(
      'taking fold 0 of d: the data have no folds of their own. ' +
        'Give the number of folds to draw by patient with --folds',
    );
  });
});
