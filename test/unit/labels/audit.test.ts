import { beforeAll, describe, expect, it } from 'vitest';
import { worldLPS } from '../../../dist/ct/index.js';
import { type AuditCheck, type AuditFlag, auditChecks, auditScan } from '../../../dist/labels/index.js';
import { type Phantom, synthesize } from '../../../dist/phantom/index.js';
import { cleanScan, labelledScan, plants } from '../../support/plantedFaults.mjs';

const grid = { size: [48, 128, 128], spacing: [2.6, 2.6, 3.2] } as const;
const levels = ['easy', 'standard', 'hard'] as const;
const phantomOf = (seed: number): Phantom =>
  synthesize({ seed, level: levels[seed % 3], size: [...grid.size], spacing: [...grid.spacing] });
const checksOf = (flags: readonly AuditFlag[]) => flags.map(({ check }) => check);

describe('the label audit', () => {
  const flagged: AuditFlag[] = [];
  const found = new Map<string, number>();
  const phantoms = 20;
  beforeAll(() => {
    for (let seed = 1; seed <= phantoms; seed++) {
      const phantom = phantomOf(seed);
      for (const by of ['exact', 'box'] as const) flagged.push(...auditScan(cleanScan(phantom, by)).audit.flags);
      const nodule = seed % phantom.nodules.length;
      // Plant each fault in every fourth phantom: in five, of all levels.
      for (const [n, [kind, plant]] of Object.entries(plants).entries()) {
        if ((seed + n) % 4 !== 0) continue;
        const { flags } = auditScan(plant(phantom, nodule)).audit;
        if (checksOf(flags).includes(kind as AuditCheck)) found.set(kind, (found.get(kind) ?? 0) + 1);
      }
    }
    // Twenty phantoms take half a minute on a free core, and several on a busy one.
  }, 300_000);

  it('raises at most one flag on 20 clean phantoms, with exact masks and with masks of the box rule', () => {
    expect(flagged.map(({ message }) => message).slice(1)).toEqual([]);
  });
  it.each(Object.keys(auditChecks) as AuditCheck[])('finds the planted fault %s', (check) => {
    // A point with left and right swapped can fall on a vessel as dense as the nodule, which nothing can detect.
    expect(found.get(check)).toBeGreaterThanOrEqual(check === 'mirrored' ? 4 : 5);
  });
});

describe('one audited scan', () => {
  const phantom = phantomOf(2);

  it('names the fault, the nodule and the figures, and keeps the measurements of all nodules', () => {
    const { audit } = auditScan(plants.duplicate(phantom, 0));
    expect(audit.flags).toEqual([
      {
        check: 'duplicate',
        severity: 'warning',
        nodule: 0,
        other: phantom.nodules.length,
        message: expect.stringMatching(/^Nodules 1 and \d are annotated 1\.5 mm apart/),
        figures: { distanceMm: 1.5 },
      },
    ]);
    expect(audit.nodules).toHaveLength(phantom.nodules.length + 1);
    expect(audit.nodules[0]!.maskMm! / audit.nodules[0]!.annotatedMm!).toBeCloseTo(1, 0);
    expect(audit.notJudged).toEqual([]);
  });

  it('makes the checks that need no HU on arbitrary intensities, and lists the others as not judged', () => {
    const scan = plants.border(phantom, 0);
    const { audit, lungs } = auditScan({ ...scan, volume: { ...scan.volume, intensity: 'arbitrary' } });
    expect(checksOf(audit.flags)).toEqual(['border']);
    expect(checksOf(audit.notJudged as never)).toEqual(['outside-body', 'mirrored', 'leaves-lung']);
    expect(lungs).toBeNull();
  });

  it('makes the checks in voxels without a spacing, but not the one of the border along slices', () => {
    const scan = plants.duplicate(phantom, 0);
    const twins = [scan.nodules[0]!, { ...scan.nodules[0]! }];
    const { audit } = auditScan({ ...scan, nodules: twins, volume: { ...scan.volume, spacing: null } });
    expect(checksOf(audit.flags)).toEqual(['duplicate']);
    expect(new Set(checksOf(audit.notJudged as never))).toEqual(
      new Set(['outside-body', 'mirrored', 'leaves-lung', 'diameter', 'border']),
    );
    expect(audit.nodules[0]).toMatchObject({ maskMm: null, shareOutsideLung: null });
  });

  it('lists the size of an annotation without a diameter as not judged', () => {
    const [first, ...rest] = cleanScan(phantom, 'exact').nodules;
    const scan = { ...cleanScan(phantom, 'exact'), nodules: [{ ...first!, diameterMm: null }, ...rest] };
    const { audit } = auditScan(scan);
    expect(audit.flags).toEqual([]);
    expect(audit.notJudged.map(({ check, nodule }) => [check, nodule])).toEqual([
      ['diameter', 0],
      ['mirrored', 0],
    ]);
  });

  it('reports a scan without lungs, and still finds a point outside the volume', () => {
    const tissue = { ...phantom.volume, voxels: new Int16Array(phantom.volume.voxels.length).fill(40) };
    const far = { center: worldLPS(900, 0, 0), diameterMm: 8 };
    const { audit } = auditScan(labelledScan(tissue, [far], phantom.mask));
    expect(checksOf(audit.flags)).toEqual(['outside-volume']);
    expect(audit.notJudged[0]).toMatchObject({ check: 'outside-body', reason: 'no lung was found in the scan' });
  });

  it('reads HU through scale and offset', () => {
    const { volume } = phantom;
    const stored = { ...volume, voxels: volume.voxels.map((hu) => (hu + 1000) / 2), scale: 2, offset: -1000 };
    const plain = auditScan(plants.mirrored(phantom, 0)).audit;
    const scaled = auditScan(plants.mirrored({ ...phantom, volume: stored }, 0)).audit;
    expect(checksOf(scaled.flags)).toEqual(checksOf(plain.flags));
    expect(checksOf(plain.flags)).toContain('mirrored');
  });
});
