import { describe, expect, it } from 'vitest';
import { type DataSet, derivedUid } from '../../../../dist/ct/index.js';
import { structuredReport } from '../../../../dist/evaluate/segment/sr/writeStructuredReport.js';
import { series } from '../../../support/dicomSeries.js';
import { nodule, scanResult } from '../../../support/scanResults.js';
import {
  all,
  codeOf,
  groupsOf,
  itemsOf,
  linesOf,
  named,
  nameOf,
  open,
  report,
  segmentation,
  trackingOf,
} from '../../../support/structuredReports.js';

describe('a structured report', () => {
  it('has one group for each nodule, with what the SEG has and every measurement', async () => {
    const files = await open(await series());
    const { dataSet, notes } = report(files, [nodule(1), nodule(2, { texture: 'solid' })]);
    expect(notes).toEqual([]);
    expect(dataSet.ContentTemplateSequence).toEqual([{ MappingResource: 'DCMR', TemplateIdentifier: '1500' }]);
    const groups = groupsOf(dataSet);
    expect(groups.map(({ ContentTemplateSequence }) => ContentTemplateSequence![0]!.TemplateIdentifier)).toEqual([
      '1411',
      '1411',
    ]);
    groups.forEach((group, k) => {
      const items = itemsOf(group);
      expect(named(items, '112039')[0]!.TextValue).toBe(`Nodule ${k + 1}`);
      expect(named(items, '112040')[0]!.UID).toBe(derivedUid('test', `nodule ${k + 1}`));
      expect(codeOf(named(items, '121071')[0])).toBe('27925004');
      expect(codeOf(named(items, '363698007')[0])).toBe('39607008');
      expect(named(items, '121191')[0]!.ReferencedSOPSequence).toEqual([
        {
          ReferencedSOPClassUID: segmentation.sopClass,
          ReferencedSOPInstanceUID: segmentation.instance,
          ReferencedSegmentNumber: k + 1,
        },
      ]);
      expect(named(items, '121232')[0]!.UID).toBe('1.2.3.4');
      expect(codeOf(named(items, 'C41144')[0])).toBe(['RID50152', 'RID50151'][k]);
    });
    const measured = itemsOf(groups[0]).filter(({ ValueType }) => ValueType === 'NUM');
    const summary = measured.map((item) => {
      const [{ NumericValue, MeasurementUnitsCodeSequence }] = item.MeasuredValueSequence as [DataSet];
      return [nameOf(item), NumericValue, MeasurementUnitsCodeSequence![0]!.CodeValue, itemsOf(item).map(codeOf)];
    });
    expect(summary).toEqual([
      ['118565006', 1234.5678901234567, 'mm3', ['122503']],
      ['103339001', 12.25, 'mm', ['']],
      ['103340004', 7.5, 'mm', ['']],
      ['81827009', 13, 'mm', ['112189', '56851009']],
      ['112031', -50.25, "[hnsf'U]", ['373098007']],
      ['112031', 120.125, "[hnsf'U]", ['386136009']],
      ['111012', 90, '%', ['', '']],
    ]);
  });

  it('says so where there are no nodules', async () => {
    const { dataSet } = report(await open(await series()), []);
    const [group, ...rest] = groupsOf(dataSet);
    expect(rest).toEqual([]);
    expect(group!.ContentTemplateSequence![0]!.TemplateIdentifier).toBe('1501');
    expect(codeOf(named(itemsOf(group), '111017')[0])).toBe('111241');
    const evaluations = itemsOf(named(itemsOf(dataSet), 'C0034375')[0]);
    expect(codeOf(named(evaluations, '111017')[0])).toBe('111241');
    expect(named(evaluations, '121106')[0]!.TextValue).toMatch(
      /^Research use only, not a medical device\. No nodules were found\. Made by nodule-train 0\.14\.0/,
    );
  });

  it('leaves out what was not measured', async () => {
    const files = await open(await series());
    const nulls = { volumeMm3: null, longAxisMm: null, shortAxisMm: null, diameter3dMm: null };
    const bare = nodule(1, { ...nulls, meanHu: null, sdHu: null, texture: null });
    const [group] = groupsOf(report(files, [bare]).dataSet);
    expect(
      itemsOf(group)
        .filter(({ ValueType }) => ValueType === 'NUM')
        .map(nameOf),
    ).toEqual(['111012']);
    expect(named(itemsOf(group), 'C41144')).toEqual([]);
  });

  it('has groups without region (TID 1501) where there is no SEG', async () => {
    const { dataSet } = report(await open(await series()), [nodule(1)], { segmentation: null });
    const [group] = groupsOf(dataSet);
    expect(group!.ContentTemplateSequence![0]!.TemplateIdentifier).toBe('1501');
    expect(named(itemsOf(group), '121191')).toEqual([]);
    expect(linesOf(group!)[0]).not.toBeNull();
    expect(JSON.stringify(dataSet)).not.toContain(segmentation.series);
  });

  it('lists every instance that it refers to as evidence', async () => {
    const { dataSet } = report(await open(await series()), [nodule(1), nodule(2)]);
    const [study] = dataSet.CurrentRequestedProcedureEvidenceSequence!;
    expect(study!.StudyInstanceUID).toBe('1.2.3');
    const listed = study!.ReferencedSeriesSequence!.flatMap(({ ReferencedSOPSequence }) =>
      ReferencedSOPSequence!.map(({ ReferencedSOPInstanceUID }) => ReferencedSOPInstanceUID as string),
    );
    const used = all(dataSet).flatMap(({ ReferencedSOPSequence }) =>
      (ReferencedSOPSequence ?? []).map(({ ReferencedSOPInstanceUID }) => ReferencedSOPInstanceUID as string),
    );
    expect(new Set(used)).toEqual(new Set(listed));
    expect(listed).toHaveLength(6);
    expect(study!.ReferencedSeriesSequence!.map(({ SeriesInstanceUID }) => SeriesInstanceUID)).toEqual([
      '1.2.3.4',
      segmentation.series,
    ]);
  });

  it('has the same UIDs for the same result, and others for another model, SEG or series', async () => {
    const files = await open(await series());
    const uids = ({ dataSet }: { dataSet: DataSet }) => [dataSet.SOPInstanceUID, dataSet.SeriesInstanceUID];
    const first = uids(report(files, [nodule(1)]));
    expect(uids(report(files, [nodule(1)], { created: new Date(0) }))).toEqual(first);
    expect(uids(report(files, [nodule(1)], { segmentation: null }))[0]).not.toBe(first[0]);
    const other = scanResult(files.scan, []);
    const renamed = { ...other, provenance: { ...other.provenance, key: 'c'.repeat(64) } };
    const changed = structuredReport(renamed, files.source, { segmentation, tracking: [] });
    for (const [k, uid] of uids(changed).entries()) expect(uid).not.toBe(first[k]);
  });

  it('derives the tracking of each nodule from the key where none is given', async () => {
    const files = await open(await series());
    const uids = ({ dataSet }: { dataSet: DataSet }) =>
      groupsOf(dataSet).map((group) => named(itemsOf(group), '112040')[0]!.UID);
    const nodules = [nodule(1), nodule(2)];
    const derived = uids(structuredReport(scanResult(files.scan, nodules), files.source, { segmentation: null }));
    expect(new Set(derived).size).toBe(2);
    expect(uids(structuredReport(scanResult(files.scan, nodules), files.source, { segmentation: null }))).toEqual(
      derived,
    );
  });

  it('is refused for tracking that is not of these nodules', async () => {
    const files = await open(await series());
    const one = trackingOf([nodule(1)]);
    for (const tracking of [[], [...one, ...one]])
      expect(() => report(files, [nodule(1), nodule(2)], { tracking })).toThrowError(
        expect.objectContaining({ code: 'structured-report', message: expect.stringMatching(/expected one for each/) }),
      );
  });
});

describe('what OHIF needs of a structured report', () => {
  it.each([0, 1, 3])('is in one of %i nodules', async (count) => {
    const nodules = Array.from({ length: count }, (_, k) => nodule(k + 1));
    const { dataSet } = report(await open(await series()), nodules);
    const root = itemsOf(dataSet);
    expect(nameOf(dataSet)).toBe('126000');
    // It opens the image library and its group without asking whether they are there.
    const [group] = named(itemsOf(named(root, '111028')[0]), '126200');
    const images = itemsOf(group).filter(({ ReferencedSOPSequence }) => ReferencedSOPSequence !== undefined);
    expect(images).toHaveLength(5);
    // It shows the first group.
    expect(groupsOf(dataSet)).toHaveLength(Math.max(1, count));
    for (const one of groupsOf(dataSet)) {
      expect(nameOf(one)).toBe('125007');
      expect(itemsOf(one).every((item) => nameOf(item) !== '')).toBe(true);
      // It takes the first UIDREF for the tracking UID.
      expect(nameOf(itemsOf(one).find(({ ValueType }) => ValueType === 'UIDREF')!)).toBe('112040');
      for (const number of itemsOf(one).filter(({ ValueType }) => ValueType === 'NUM')) {
        // It reads the first item of every NUM, and draws it where it is the only one and a SCOORD of one image.
        expect(itemsOf(number).length).toBeGreaterThan(0);
        if (!['103339001', '103340004'].includes(nameOf(number))) continue;
        const [line, ...rest] = itemsOf(number);
        expect(rest).toEqual([]);
        expect(line).toMatchObject({ ValueType: 'SCOORD', RelationshipType: 'INFERRED FROM', GraphicType: 'POLYLINE' });
        expect(itemsOf(line)).toHaveLength(1);
        expect(itemsOf(line)[0]!.ReferencedSOPSequence![0]!.ReferencedSOPClassUID).toBe('1.2.840.10008.5.1.4.1.1.2');
      }
    }
  });
});
