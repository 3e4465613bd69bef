import { describe, expect, test } from 'vitest';
import { type EvaluatedNodule, noduleFigures, nodulesCsv } from '../../../dist/evaluate/noduleFigures.js';

const nodule = (changes: Partial<EvaluatedNodule> = {}): EvaluatedNodule => ({
  uid: '1.2',
  patient: 'a',
  nodule: 1,
  centerIndex: [1, 2, 3],
  diameterMm: 7,
  sizeClass: '6 to 8',
  texture: 'solid',
  voxels: 100,
  found: true,
  rank: 1,
  rankBySize: 2,
  candidates: 5,
  dice: 0.8,
  iou: 0.7,
  surfaceDice1mm: 0.9,
  hd95Mm: 1,
  volumeErrorMm3: 10,
  volumeErrorShare: 0.1,
  longAxisErrorMm: 1,
  shortAxisErrorMm: -1,
  ...changes,
});

const missed = nodule({
  patient: 'b',
  found: false,
  rank: null,
  rankBySize: null,
  sizeClass: 'below 6',
  texture: 'non-solid',
  dice: 0,
  iou: 0,
  surfaceDice1mm: 0,
  hd95Mm: 400,
  volumeErrorShare: -1,
  longAxisErrorMm: null,
  shortAxisErrorMm: null,
});

describe('figures of nodules', () => {
  const figures = noduleFigures([
    nodule(),
    nodule({ rank: 8, longAxisErrorMm: -3, volumeErrorShare: -0.3, iou: 0.5, hd95Mm: 2 }),
    missed,
    nodule({ voxels: 0, iou: 0, texture: null, patient: 'c' }),
  ]);

  test('are means over the nodules with agreement, a missed one included where it has a figure', () => {
    const { nodules, found, means } = figures;
    expect([nodules, found]).toEqual([3, 2]);
    expect(means.iou.mean).toBeCloseTo(1.2 / 3, 12);
    expect(means.hd95Mm.mean).toBeCloseTo(403 / 3, 12);
    expect(means.hd95PredictedMm.mean).toBeCloseTo(1.5, 12);
    expect(means.longAxisErrorMm.mean).toBe(-1);
    expect(means.absLongAxisErrorMm.mean).toBe(2);
    expect(means.volumeErrorShare.mean).toBeCloseTo(-0.4, 12);
    expect(means.absVolumeErrorShare.mean).toBeCloseTo(1.4 / 3, 12);
  });

  test('have intervals over patients', () => {
    // Two patients: samples are aa, ab and bb.
    expect(figures.means.iou.interval).toEqual({ low: 0, high: expect.closeTo(0.6, 12) });
    expect(figures.sensitivity).toMatchObject({ mean: expect.closeTo(2 / 3, 12), interval: { low: 0, high: 1 } });
  });

  test('are grouped by size class and texture', () => {
    const counts = (groups: { name: string; nodules: number; found: number }[]) =>
      groups.map(({ name, nodules, found }) => [name, nodules, found]);
    expect(counts(figures.bySize)).toEqual([
      ['below 6', 1, 0],
      ['6 to 8', 2, 2],
      ['8 to 20', 0, 0],
      ['20 and above', 0, 0],
    ]);
    expect(counts(figures.byTexture)).toEqual([
      ['solid', 2, 2],
      ['part-solid', 0, 0],
      ['non-solid', 1, 0],
    ]);
    expect(figures.bySize[2]!.means.iou).toEqual({ mean: null, interval: null });
  });

  test('have the ranks of the nodules that a candidate hits', () => {
    expect(figures).toMatchObject({ medianRank: 4.5, worstRank: 8, withoutCandidate: 1 });
  });

  test('are null without any nodule', () => {
    const none = noduleFigures([]);
    expect(none).toMatchObject({ nodules: 0, medianRank: null, worstRank: null, withoutCandidate: 0 });
    expect(none.means.dice).toEqual({ mean: null, interval: null });
  });

  test('are a line of CSV each, empty where there is none', () => {
    const [header, first, second] = nodulesCsv([nodule({ patient: 'Doe, "J"' }), missed])
      .trimEnd()
      .split('\n');
    expect(header).toBe(
      'uid,patient,nodule,diameterMm,sizeClass,texture,voxels,found,rank,rankBySize,candidates,dice,iou,' +
        'surfaceDice1mm,hd95Mm,volumeErrorMm3,volumeErrorShare,longAxisErrorMm,shortAxisErrorMm',
    );
    expect(first).toBe('1.2,"Doe, ""J""",1,7,6 to 8,solid,100,true,1,2,5,0.8,0.7,0.9,1,10,0.1,1,-1');
    expect(second).toBe('1.2,b,1,7,below 6,non-solid,100,false,,,5,0,0,0,400,10,-1,,');
  });
});
