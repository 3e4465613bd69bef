import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readKeptResult, replaceEarlier } from '../../../../dist/evaluate/segment/keptResult.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder('kept-result');
const reason = { format: 'sr', reason: 'no series' };
/** A folder with the files of a record, which has the key `a` and DICOM objects of the key `d`. */
function result(record: object = {}): string {
  const out = mkdtempSync(join(scratch, 'result-'));
  const files = ['seg.dcm', 'nodules.csv', 'nodules.json'];
  for (const name of [...files, 'labels.mha', 'own.txt']) writeFileSync(join(out, name), name);
  const whole = { provenance: { key: 'a' }, files, notes: ['n'], notWritten: [reason], nodules: [], dicomKey: 'd' };
  writeFileSync(join(out, 'nodules.json'), JSON.stringify({ ...whole, ...record }));
  return out;
}
const left = (out: string) => readdirSync(out).sort();

describe('replaceEarlier', () => {
  it('leaves the files of a result with the same key, and never its record', () => {
    const out = result();
    expect(replaceEarlier(out, { key: 'a', dicomKey: null })).toEqual({
      files: ['seg.dcm', 'nodules.csv'],
      notes: ['n'],
      notWritten: [reason],
      dicomKey: 'd',
    });
    expect(left(out)).toEqual(['labels.mha', 'nodules.csv', 'own.txt', 'seg.dcm']);
  });

  it('deletes DICOM objects that were made with other options', () => {
    const out = result();
    expect(replaceEarlier(out, { key: 'a', dicomKey: 'e' })).toMatchObject({ files: ['nodules.csv'], notWritten: [] });
    expect(left(out)).toEqual(['labels.mha', 'nodules.csv', 'own.txt']);
  });

  it('deletes the files of a result with another key, and no file that is not in its record', () => {
    const out = result();
    expect(replaceEarlier(out, { key: 'b', dicomKey: null }).files).toEqual([]);
    expect(left(out)).toEqual(['labels.mha', 'own.txt']);
  });

  it('does not delete what segment does not write, whatever the record says', () => {
    const out = result({ files: ['own.txt', '../outside.txt', '/etc/none', 3, 'nodules.csv'] });
    writeFileSync(join(scratch, 'outside.txt'), '');
    replaceEarlier(out, { key: 'b', dicomKey: null });
    expect(left(out)).toEqual(['labels.mha', 'own.txt', 'seg.dcm']);
    expect(existsSync(join(scratch, 'outside.txt'))).toBe(true);
  });
});

describe('readKeptResult', () => {
  const kept = (out: string) =>
    readKeptResult(out, 'a', { formats: ['csv', 'seg'], probabilities: false, dicomKey: 'd' }) !== null;

  it('takes a whole result, and no damaged one', () => {
    expect(kept(result())).toBe(true);
    for (const damage of [{ files: undefined }, { notWritten: null }, { notes: 'n' }, { nodules: {} }, { files: [] }])
      expect(kept(result(damage)), JSON.stringify(damage)).toBe(false);
    for (const text of ['', 'null', '3', '[]', '{"torn']) {
      const out = result();
      writeFileSync(join(out, 'nodules.json'), text);
      expect(kept(out), text).toBe(false);
    }
  });
});
