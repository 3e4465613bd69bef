import { describe, expect, it } from 'vitest';
import { worldLPS } from '../../../dist/ct/index.js';
import { matchSeries } from '../../../dist/data/sources/matchSeries.js';

const A = '1.3.6.1.4.1.14519.5.2.1.6279.6001.111';
const B = '1.3.6.1.4.1.14519.5.2.1.6279.6001.222';
const listed = (...uids: string[]) =>
  uids.map((uid, n) => ({ uid, center: worldLPS(0, 0, n), diameterMm: 5, line: n + 2 }));
const found = (uid: string, scans: string[]) => {
  const { matched, notes } = matchSeries(listed(uid), scans);
  return [matched.map((one) => one.uid), notes];
};

describe('the scan of an annotation', () => {
  it.each([
    [`${A}.mhd`, 'an extension'],
    [`${A}.nii.gz`, 'an extension'],
    [`${A}.npy`, 'an extension'],
    [` ${A} `, 'quotes and spaces'],
    [`'${A}`, 'quotes and spaces'],
    [`"${A}"`, 'quotes and spaces'],
    [`\u00a0${A}\u200b`, 'quotes and spaces'],
    [`/data/luna/subset0/${A}.mhd`, 'a path, an extension'],
    [`D:\\luna\\${A}`, 'a path'],
    [`${A}_0000`, 'the number of a channel'],
    [`${A}_0000.nii.gz`, 'an extension, the number of a channel'],
    [`${A}.0`, 'a decimal place'],
  ])('is found by %j', (uid, what) => {
    expect(found(uid, [A])).toEqual([
      [A],
      [`Removed ${what} from the series UID of an annotation (first: ${JSON.stringify(uid)}).`],
    ]);
  });

  it('is found in another case, if one scan fits', () => {
    expect(found('lidc_n1', ['LIDC_N1'])[0]).toEqual(['LIDC_N1']);
    expect(found('lidc_n1', ['LIDC_N1', 'Lidc_n1'])[0]).toEqual([]);
  });

  it('is the one with exactly that UID, whatever else it contains', () => {
    const odd = `${A}.0`;
    expect(found(odd, [A, odd])).toEqual([[odd], []]);
  });

  it('is not another one: the last part of a UID is no extension', () => {
    expect(found(`${A}.333`, [A])[0]).toEqual([]);
  });
});

describe('annotations that match no scan', () => {
  it.each([
    ['1.3E+55', /A spreadsheet rounded the UID to a number/],
    ['1,3E+55', /A spreadsheet rounded the UID to a number/],
    ['-12.5', /That is a number/],
    ['LIDC-IDRI-0003', /a patient of LIDC-IDRI, not a series/],
    [`1.${'2'.repeat(80)}`, /at most 64 characters/],
  ])('are refused with the likely cause: %s', (uid, reason) => {
    const { lost, notes, mismatch } = matchSeries(listed(uid), [A]);
    expect(lost).toMatchObject([{ uid, fate: 'no-scan', line: 2, reason: expect.stringMatching(reason) }]);
    expect(mismatch).toMatch(reason);
    expect(notes).toEqual([expect.stringMatching(/1 of 1 annotations match no scan, and 1 of 1 scans have no anno/)]);
  });

  it('are refused from a twentieth on if their UIDs cannot be right, and reported below', () => {
    const many = Array.from({ length: 95 }, () => B);
    const of = (wrong: number) =>
      matchSeries(listed(...many, ...Array.from({ length: wrong }, () => '1.3E+55')), [A, B]);
    expect(of(6).mismatch).toContain('6 of 101 annotations match no scan, and 1 of 2 scans have no annotation');
    const few = of(5);
    expect(few.mismatch).toBeNull();
    expect(few.notes).toEqual([expect.stringContaining('would be taken as background')]);
  });

  it('are normal in a part of a data set: counted, with one mild note', () => {
    const others = Array.from({ length: 500 }, (_, n) => `1.2.${n}`);
    const part = matchSeries(listed(A, ...others), [A, B]);
    expect([part.matched.length, part.lost.length, part.mismatch]).toEqual([1, 500, null]);
    expect(part.notes).toEqual([expect.stringContaining('That is normal for a part of a data set')]);
    const whole = matchSeries(listed(A, B, ...others), [A, B]);
    expect([whole.notes, whole.mismatch]).toEqual([[], null]);
  });

  it('take no time that grows with the square of their number', () => {
    const scans = Array.from({ length: 20_000 }, (_, n) => `1.2.${n}`);
    const start = performance.now();
    const { matched } = matchSeries(listed(...scans.map((uid) => `${uid}.mhd`), ...scans), scans);
    expect(matched).toHaveLength(40_000);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
