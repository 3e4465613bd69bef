import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { segmentationDataSet } from '../../../../dist/ct/dicom/segmentation/writeSegmentation.js';
import type { DataSet } from '../../../../dist/ct/index.js';
import { type Fields, patient } from '../../../support/dicomBytes.mjs';
import { series } from '../../../support/dicomSeries.js';
import {
  enhanced,
  oddAttributes,
  openSeries,
  segmentsAt,
  twoSegments,
  writeTo,
} from '../../../support/segmentations.js';

type Options = Parameters<typeof segmentationDataSet>[0];
type Opened = Awaited<ReturnType<typeof openSeries>>;

const dataSetOf = ({ source, scan }: Opened, options: Partial<Options> = {}): DataSet =>
  segmentationDataSet({
    source,
    grid: scan,
    segments: twoSegments(),
    kind: 'binary',
    algorithm: { name: 'nodule-train default', version: '0.14.0' },
    key: 'b'.repeat(64),
    description: 'Research use only, not a medical device',
    created: new Date('2026-01-02T03:04:05Z'),
    ...options,
  });
const opened = async (over: Fields = {}) => openSeries(await series({ over: () => over }));
const kinds = ['binary', 'labelmap'] as const;

describe('the attributes of a segmentation', () => {
  it.each(kinds)('are of its study, patient and frame of reference, in a series of its own: %s', async (kind) => {
    const dataSet = dataSetOf(await opened({ '(0018,0015) CS': 'CHEST', '(0020,0011) IS': '4' }), { kind });
    expect(dataSet).toMatchObject({
      PatientName: patient.PatientName,
      PatientID: patient.PatientID,
      StudyInstanceUID: '1.2.3',
      FrameOfReferenceUID: '1.2.3.5',
      BodyPartExamined: 'CHEST',
      Modality: 'SEG',
      ContentLabel: 'SEGMENTATION',
      ContentDescription: 'Research use only, not a medical device',
      SeriesNumber: kind === 'binary' ? 491 : 492,
      SegmentationType: kind === 'binary' ? 'BINARY' : 'LABELMAP',
      BitsAllocated: kind === 'binary' ? 1 : 8,
      SegmentsOverlap: 'NO',
    });
    expect(dataSet.SeriesInstanceUID).not.toBe('1.2.3.4');
    expect(dataSet.PixelPaddingValue).toBe(kind === 'binary' ? undefined : 0);
  });

  it('describe each segment by codes of the standard', async () => {
    const [, second] = dataSetOf(await opened()).SegmentSequence!;
    const coded = (value: string, scheme: string) => [
      expect.objectContaining({ CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: expect.any(String) }),
    ];
    expect(second).toMatchObject({
      SegmentNumber: 2,
      SegmentLabel: 'Nodule 2',
      SegmentedPropertyCategoryCodeSequence: coded('49755003', 'SCT'),
      SegmentedPropertyTypeCodeSequence: coded('27925004', 'SCT'),
      AnatomicRegionSequence: coded('39607008', 'SCT'),
      SegmentAlgorithmType: 'AUTOMATIC',
      SegmentAlgorithmName: 'nodule-train default',
      SegmentationAlgorithmIdentificationSequence: [
        { AlgorithmName: 'nodule-train default', AlgorithmVersion: '0.14.0' },
      ],
      TrackingID: 'Nodule 2',
      TrackingUID: '1.2.3.77.2',
    });
  });

  it('give neighbouring segments colours that can be told apart', async () => {
    const many = segmentsAt(...Array.from({ length: 12 }, (_, k) => [k]));
    const colors = dataSetOf(await opened(), { segments: many }).SegmentSequence!.map(
      ({ RecommendedDisplayCIELabValue }) => RecommendedDisplayCIELabValue as number[],
    );
    for (const color of colors) for (const part of color) expect(part >= 0 && part <= 65535).toBe(true);
    // In units of a* and b*; about 2 is the least that an eye sees.
    for (const [k, [, a, b]] of colors.entries())
      for (const [, c, d] of colors.slice(k + 1))
        expect(Math.hypot(a! - c!, b! - d!) * (255 / 65535)).toBeGreaterThan(10);
  });

  it('are the same for the same key, series and kind, and the bytes too', async () => {
    const files = await opened();
    const target = { source: files.source, grid: files.scan };
    for (const kind of kinds) {
      const [first, again] = [
        await writeTo(target, twoSegments(), { kind }),
        await writeTo(target, twoSegments(), { kind }),
      ];
      expect(await readFile(again.path)).toEqual(await readFile(first.path));
    }
    const uids = (options: Partial<Options>, of = files): string[] => {
      const { SOPInstanceUID, SeriesInstanceUID, DimensionOrganizationSequence } = dataSetOf(of, options);
      return [
        SOPInstanceUID!,
        SeriesInstanceUID!,
        DimensionOrganizationSequence![0]!.DimensionOrganizationUID!,
      ] as string[];
    };
    const base = uids({});
    expect(new Set(base).size).toBe(3);
    expect(uids({ created: new Date(0) })).toEqual(base);
    const [instance, ...rest] = uids({ allFrames: true });
    expect([instance === base[0], ...rest]).toEqual([false, ...base.slice(1)]);
    const other = await opened({ SeriesInstanceUID: '1.2.3.6' });
    for (const changed of [uids({ key: 'c'.repeat(64) }), uids({ kind: 'labelmap' }), uids({}, other)])
      for (const uid of changed) expect(base).not.toContain(uid);
  });

  it.each(Object.entries(oddAttributes))('are valid where the scan has %s', async (_what, over) => {
    const { PatientName, StudyInstanceUID, FrameOfReferenceUID, PatientAge, PatientSex } = dataSetOf(
      await opened(over),
    );
    for (const uid of [StudyInstanceUID, FrameOfReferenceUID]) expect(uid).toMatch(/^[\d.]{3,64}$/);
    expect([PatientName, PatientSex, PatientAge]).toEqual([
      'PatientName' in over ? '' : patient.PatientName,
      '',
      undefined,
    ]);
  });

  it('say whether the scan was once compressed lossily, if it has the ratio and the method', async () => {
    const lossy = { '(0028,2110) CS': '01', '(0028,2112) DS': '8.5', '(0028,2114) CS': 'ISO_15444_1' };
    expect(dataSetOf(await opened(lossy))).toMatchObject({
      LossyImageCompression: '01',
      LossyImageCompressionRatio: ['8.5'],
      LossyImageCompressionMethod: ['ISO_15444_1'],
    });
    for (const over of [{}, { ...lossy, '(0028,2114) CS': undefined }, { ...lossy, '(0028,2110) CS': '00' }]) {
      const { LossyImageCompression, LossyImageCompressionRatio } = dataSetOf(await opened(over));
      expect([LossyImageCompression, LossyImageCompressionRatio]).toEqual(['00', undefined]);
    }
  });

  it('name nothing that was found where there is no nodule', async () => {
    const files = await opened();
    const dataSet = dataSetOf(files, { segments: [] });
    expect(dataSet.SegmentSequence).toHaveLength(1);
    expect(dataSet.SegmentSequence![0]).toMatchObject({
      SegmentLabel: 'No nodule found',
      TrackingID: 'No nodule found',
    });
    expect(dataSet.NumberOfFrames).toBe(1);
    expect((dataSet.PixelData as Uint8Array).every((byte) => byte === 0)).toBe(true);
    expect(dataSet.SegmentSequence![0]!.TrackingUID).toMatch(/^2\.25\.\d+$/);
  });

  it('are refused where they do not fit, without a value', async () => {
    const files = await opened();
    const long = twoSegments().map((segment) => ({ ...segment, label: 'secret'.repeat(20) }));
    const error = await writeTo({ source: files.source, grid: files.scan }, long).catch((cause: Error) => cause);
    expect(String(error)).toMatch(/SegmentLabel \(0062,0005\) has 120 characters, expected at most 64/);
    expect(String(error)).not.toMatch(/secret/);
    // 70,000 frames of 65,535 pixels: the error comes before the memory is allocated.
    const slices = Array.from({ length: 70_000 }, () => files.source.slices[0]!);
    const grid = { ...files.source.grid, shape: [70_000, 255, 257] as const };
    const huge = { scan: { ...files.scan, ...grid }, source: { ...files.source, slices, grid } };
    const nothing = segmentsAt([]);
    expect(() => dataSetOf(huge, { segments: nothing, kind: 'labelmap', allFrames: true })).toThrowError(
      /its 70000 frames have 4587450000 bytes, expected at most 4294967294\. Omit --all-frames/,
    );
    const many = { length: 65536 };
    const segments = Array.from(many, (_, k) => ({ ...twoSegments()[0]!, number: k + 1 }));
    expect(() => dataSetOf(files, { segments })).toThrowError(
      expect.objectContaining({
        code: 'dicom-write',
        message: expect.stringMatching(/found 65536 segments, expected at most 65535\. Raise/),
      }),
    );
  });
});

describe('what OHIF needs of a segmentation', () => {
  /** Instance UIDs and frame numbers of the source images of each frame. */
  const imagesOf = (dataSet: DataSet) =>
    dataSet.PerFrameFunctionalGroupsSequence!.map(({ DerivationImageSequence }) => {
      const [image] = DerivationImageSequence![0]!.SourceImageSequence!;
      return [image!.ReferencedSOPInstanceUID, image!.ReferencedFrameNumber];
    });
  const positionsOf = (dataSet: DataSet) =>
    dataSet.PerFrameFunctionalGroupsSequence!.map(
      ({ PlanePositionSequence }) => PlanePositionSequence![0]!.ImagePositionPatient,
    );

  it.each(kinds)('is in it: the source series, each image of it, and the image of each frame: %s', async (kind) => {
    const uid = (k: number) => `1.2.3.${k + 1}`;
    const dir = await series({ over: (k) => ({ SOPInstanceUID: uid(k) }) });
    const files = await openSeries(dir);
    const dataSet = dataSetOf(files, { kind });
    const [referenced, ...others] = dataSet.ReferencedSeriesSequence!;
    expect(others).toEqual([]);
    expect(referenced!.SeriesInstanceUID).toBe('1.2.3.4');
    expect(
      referenced!.ReferencedInstanceSequence!.map(({ ReferencedSOPInstanceUID }) => ReferencedSOPInstanceUID),
    ).toEqual(files.source.slices.map(({ instance }) => instance));
    const expected = files.source.slices.map(({ instance }) => [instance, undefined]);
    const positions = files.source.slices.map(({ position }) => position);
    // The second nodule is on slice 2.
    const more = kind === 'binary' ? [2] : [];
    expect(imagesOf(dataSet)).toEqual([...expected, ...more.map((k) => expected[k])]);
    expect(positionsOf(dataSet)).toEqual([...positions, ...more.map((k) => positions[k])]);
    const [shared] = dataSet.SharedFunctionalGroupsSequence!;
    expect(shared).toEqual({
      PixelMeasuresSequence: [{ PixelSpacing: [0.5, 0.75], SliceThickness: 2.5, SpacingBetweenSlices: 2.5 }],
      PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
    });
  });

  it('numbers the frames of an Enhanced CT, whose instance is listed once', async () => {
    const dataSet = dataSetOf(await openSeries(await enhanced()));
    expect(dataSet.ReferencedSeriesSequence![0]!.ReferencedInstanceSequence).toHaveLength(1);
    expect(imagesOf(dataSet).map(([, frame]) => frame)).toEqual([3, 2, 5, 1, 4, 5]);
  });

  it('has index values that count the segments and the slices that occur', async () => {
    const files = await opened();
    const segments = segmentsAt([0, 59], [30]);
    const indices = (options: Partial<Options>) =>
      dataSetOf(files, { segments, ...options }).PerFrameFunctionalGroupsSequence!.map(
        ({ FrameContentSequence }) => FrameContentSequence![0]!.DimensionIndexValues,
      );
    expect(indices({})).toEqual([
      [1, 1],
      [1, 3],
      [2, 2],
    ]);
    expect(indices({ kind: 'labelmap' })).toEqual([[1], [2], [3]]);
  });

  it('refers to no image where the slices have no UID', async () => {
    const dataSet = dataSetOf(await opened({ SOPInstanceUID: undefined }));
    expect(dataSet.ReferencedSeriesSequence).toBeUndefined();
    expect(dataSet.PerFrameFunctionalGroupsSequence![0]!.DerivationImageSequence).toBeUndefined();
  });
});
