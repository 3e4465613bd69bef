import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { labelLines, lostLabelsList } from '../../../dist/cli/labelLines.js';
import { type LostLabel, labelsEvent, type ScanLabels, sumLabels } from '../../../dist/labels/index.js';
import { scratchFolder } from '../../support/scratch.js';

const scan = (over: Partial<ScanLabels> = {}): ScanLabels => ({
  ...{ used: 3, withoutAgreement: 0, labelImage: null, lost: [] },
  ...over,
});
const lost = (fate: LostLabel['fate'], more: Partial<LostLabel> = {}): LostLabel => ({
  ...{ uid: '1.2', line: 7, fate, reason: 'The point is outside.' },
  ...more,
});
const lines = (scans: ScanLabels[], missing: LostLabel[] = [], list: string | null = null, inAll = scans.length) =>
  labelLines(labelsEvent(sumLabels(scans, missing, inAll), list));

describe('what became of the labels, for people', () => {
  it('is one line if all of the scans on disk are used', () => {
    expect(lines([scan(), scan()])).toEqual(['Labels     6 annotated, all used']);
    expect(lines([scan(), scan()], [lost('no-scan')])).toEqual([
      'Labels     7 annotated, 6 used; 1 of series that are not on disk',
    ]);
    const images = [scan({ labelImage: 'nodules', withoutAgreement: 1 }), scan({ labelImage: 'empty', used: 0 })];
    expect(lines(images, [], null, 9)).toEqual([
      'Labels     3 annotated, all used; 1 without agreement of readers; 1 of 2 label images are empty; 2 of 9 scans read',
    ]);
    expect(lines([scan({ used: 0 })])).toEqual([]);
  });

  it('is a table with the first cases and the list if some are lost', () => {
    const causes = { 'swapped-xz': 'inside' } as const;
    const scans = [
      scan({ lost: [lost('outside', { causes }), lost('outside', { causes }), lost('duplicate', { line: 0 })] }),
      scan({ lost: [lost('no-voxel')], labelImage: 'other' }),
    ];
    const text = lines(scans, [lost('no-scan')], 'store/lost-labels.csv');
    const rows = text.filter((line) => /^│/.test(line)).map((line) => line.split('│').map((cell) => cell.trim()));
    expect(rows.map(([, what, count]) => `${what} ${count}`)).toEqual([
      ...['labels number', 'annotated 11', 'on disk 10', 'of a series that is not on disk 1', 'outside the volume 2'],
      ...['the same nodule twice 1', 'without a labelled voxel 1', 'used 6', 'label images 1'],
      'label images with other labels only 1',
    ]);
    expect(text.filter((line) => !/^[┌├└│]/.test(line))).toEqual([
      'Note       Read with x and z swapped, 2 of the 2 points outside the volume would be inside.',
      'Note       1 of 1 label images hold only labels that are not nodules.',
      'Lost       series 1.2, line 7: The point is outside.',
      'Lost       series 1.2, line 7: The point is outside.',
      'Lost       series 1.2: The point is outside.',
      '           All are listed in store/lost-labels.csv',
    ]);
    expect(lines(scans).at(-1)).toBe('           Give --lost-labels-csv FILE to list all.');
  });

  it('names the list of a prepared store, if no other is requested', () => {
    const store = scratchFolder('label-lines');
    mkdirSync(store, { recursive: true });
    expect(lostLabelsList(undefined, store)).toBeNull();
    writeFileSync(join(store, 'lost-labels.csv'), '');
    expect(lostLabelsList(undefined, store)).toBe(join(store, 'lost-labels.csv'));
    expect(lostLabelsList('all.csv', store)).toBe('all.csv');
  });

  it('has at most 1,000 cases as an event', () => {
    const many = [scan({ lost: Array.from({ length: 1500 }, () => lost('outside')) })];
    const event = labelsEvent(sumLabels(many), null);
    expect([event.cases.length, event.lost.outside, event.annotated]).toEqual([1000, 1500, 1503]);
  });
});
