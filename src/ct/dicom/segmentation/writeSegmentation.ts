import { NoduleTrainError } from '../../../runtime/index.js';
import { cross, dot, transpose } from '../../grid/matrix3.js';
import type { Geometry } from '../../grid/volume.js';
import { segmentationClasses } from '../masks/readSegmentation.js';
import type { SourceAttributes, SourceSlice } from '../source/readSourceAttributes.js';
import { resultSeriesNumber } from '../source/resultSeriesNumber.js';
import type { DataSet } from '../write/attributes.js';
import { derivedUid } from '../write/derivedUid.js';
import { writeDicomFile } from '../write/writeDicomFile.js';
import { type LabelledVoxels, layOnSlices, type PlacedLabels } from './layOnSlices.js';
import { binaryFrames, labelmapFrames, type SegmentationFrame } from './segmentationFrames.js';
import { segmentColor } from './segmentColor.js';

/** A segment to write. */
export interface SegmentToWrite extends LabelledVoxels {
  readonly label: string;
  /** The same in every object about this finding. */
  readonly tracking: { readonly id: string; readonly uid: string };
}

export interface SegmentationToWrite {
  /** What the object copies from the scan and refers to. */
  readonly source: SourceAttributes;
  /** Grid of the positions of the segments. */
  readonly grid: Geometry;
  readonly segments: readonly SegmentToWrite[];
  readonly kind: 'binary' | 'labelmap';
  readonly algorithm: { readonly name: string; readonly version: string };
  /** What UIDs are derived from, besides the series and the kind. */
  readonly key: string;
  /** At most 64 characters. */
  readonly description: string;
  /** Write frames without marked pixels too, for viewers that expect as many frames as slices. */
  readonly allFrames?: boolean;
  /** When the object is made; by default now. */
  readonly created?: Date;
}

export interface WrittenSegmentation {
  readonly sopClass: string;
  readonly instance: string;
  readonly series: string;
  /** Numbers of segments without any pixel, as they lie between slices of a scan that was resampled. */
  readonly unplaced: readonly number[];
}

/** SegmentNumber has 16 bits; 0 is the background of a label map. */
const mostSegments = 65535;

type Code = readonly [value: string, scheme: string, meaning: string];

const code = ([CodeValue, CodingSchemeDesignator, CodeMeaning]: Code): [DataSet] => [
  { CodeValue, CodingSchemeDesignator, CodeMeaning },
];

const codes = {
  category: ['49755003', 'SCT', 'Morphologically Abnormal Structure'],
  nodule: ['27925004', 'SCT', 'Nodule'],
  lung: ['39607008', 'SCT', 'Lung'],
  artificialIntelligence: ['123110', 'DCM', 'Artificial Intelligence'],
  segmentation: ['113076', 'DCM', 'Segmentation'],
  sourceImage: ['121322', 'DCM', 'Source image for image processing operation'],
} as const satisfies Record<string, Code>;

/**
 * Writes segments as a DICOM Segmentation (PS3.3 section A.51) on the slices of a series as they are stored: BINARY
 * with a frame for each segment and slice, or LABELMAP (Supplement 243) with a frame for each slice. Frames without
 * marked pixels are left out. Without segments the object has one, "No nodule found", with an empty frame: the standard
 * asks for at least one of each. UIDs depend on `key`, the series and the kind alone,
 * that of the instance on `allFrames` too.
 * @throws NoduleTrainError `dicom-write` for more than 65,535 segments or a value that violates its VR; `disk-full`,
 *   `write-failed`
 */
export async function writeSegmentation(path: string, options: SegmentationToWrite): Promise<WrittenSegmentation> {
  const placed = layOnSlices(options.segments, options.grid, options.source);
  const dataSet = segmentationDataSet(options, placed);
  await writeDicomFile(path, dataSet);
  const { SOPClassUID, SOPInstanceUID, SeriesInstanceUID } = dataSet;
  return {
    sopClass: `${SOPClassUID}`,
    instance: `${SOPInstanceUID}`,
    series: `${SeriesInstanceUID}`,
    unplaced: [...placed].flatMap(([number, pixels]) => (pixels.size === 0 ? [number] : [])),
  };
}

/** Builds the data set that `writeSegmentation` writes. */
export function segmentationDataSet(
  options: SegmentationToWrite,
  placed: PlacedLabels = layOnSlices(options.segments, options.grid, options.source),
): DataSet {
  const { source, kind, algorithm, key, description, allFrames = false, created = new Date() } = options;
  const segments = options.segments.length > 0 ? options.segments : [nothingFound(key, source)];
  if (segments.length > mostSegments)
    throw new NoduleTrainError(
      'dicom-write',
      `writing a DICOM SEG: found ${segments.length} segments, expected at most ${mostSegments}. ` +
        'Raise --minimum-score or --minimum-voxels.',
    );
  const [slices, rows, columns] = source.grid.shape;
  const labels: PlacedLabels = options.segments.length > 0 ? placed : new Map([[1, new Map()]]);
  const frameOptions = { size: rows * columns, slices, allFrames };
  const { frames, pixels, bits } =
    kind === 'binary'
      ? { ...binaryFrames(labels, frameOptions), bits: 1 as const }
      : labelmapFrames(labels, frameOptions);
  const [date, time] = [created.toISOString().slice(0, 10), created.toISOString().slice(11, 19)];
  const [ContentDate, ContentTime] = [date.replaceAll('-', ''), time.replaceAll(':', '')];
  return {
    ...source.patient,
    ...source.study,
    ...source.frameOfReference,
    BodyPartExamined: source.series.BodyPartExamined,
    LongitudinalTemporalInformationModified: source.series.LongitudinalTemporalInformationModified,
    ImageType: ['DERIVED', 'PRIMARY'],
    SOPClassUID: segmentationClasses[kind],
    SOPInstanceUID: derivedUid(
      'nodule-train',
      'segmentation',
      kind,
      key,
      source.seriesUid,
      ...(allFrames ? ['all'] : []),
    ),
    InstanceCreationDate: ContentDate,
    InstanceCreationTime: ContentTime,
    TimezoneOffsetFromUTC: '+0000',
    Modality: 'SEG',
    SeriesInstanceUID: derivedUid('nodule-train', 'series of segmentations', kind, key, source.seriesUid),
    SeriesNumber: resultSeriesNumber(source.seriesNumber, kind),
    SeriesDescription: 'Lung nodules, research use only',
    Manufacturer: 'nodule-train',
    ManufacturerModelName: algorithm.name,
    DeviceSerialNumber: key.slice(0, 16),
    SoftwareVersions: algorithm.version,
    InstanceNumber: 1,
    ContentDate,
    ContentTime,
    ContentLabel: 'SEGMENTATION',
    ContentDescription: description,
    ContentCreatorName: '',
    ...lossyCompression(source.series),
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: 0,
    ...(kind === 'labelmap' && { PixelPaddingValue: 0 }),
    NumberOfFrames: frames.length,
    SegmentationType: kind === 'binary' ? 'BINARY' : 'LABELMAP',
    SegmentsOverlap: 'NO',
    SegmentSequence: segments.map((segment) => segmentItem(segment, algorithm)),
    ReferencedSeriesSequence: referencedSeries(source),
    ...dimensions(kind, key, source.seriesUid),
    SharedFunctionalGroupsSequence: [sharedGroups(source)],
    PerFrameFunctionalGroupsSequence: perFrameGroups(frames, source),
    PixelData: pixels,
  };
}

/** An image made from lossily compressed ones counts as such (PS3.3 C.7.6.1.1.5), and must have ratio and method. */
const lossyCompression = (scan: DataSet): DataSet => {
  const { LossyImageCompression, LossyImageCompressionRatio, LossyImageCompressionMethod } = scan;
  return LossyImageCompression === '01' && LossyImageCompressionRatio && LossyImageCompressionMethod
    ? { LossyImageCompression, LossyImageCompressionRatio, LossyImageCompressionMethod }
    : { LossyImageCompression: '00' };
};

/** Stands for the nodules of a scan that has none. */
const nothingFound = (key: string, source: SourceAttributes): SegmentToWrite => ({
  number: 1,
  label: 'No nodule found',
  tracking: { id: 'No nodule found', uid: derivedUid('nodule-train', 'no nodule', key, source.seriesUid) },
  positions: new Int32Array(0),
});

const segmentItem = (
  { number, label, tracking }: SegmentToWrite,
  { name, version }: SegmentationToWrite['algorithm'],
): DataSet => ({
  SegmentNumber: number,
  SegmentLabel: label,
  SegmentAlgorithmType: 'AUTOMATIC',
  SegmentAlgorithmName: name,
  SegmentationAlgorithmIdentificationSequence: [
    {
      AlgorithmFamilyCodeSequence: code(codes.artificialIntelligence),
      AlgorithmName: name,
      AlgorithmVersion: version,
    },
  ],
  SegmentedPropertyCategoryCodeSequence: code(codes.category),
  SegmentedPropertyTypeCodeSequence: code(codes.nodule),
  AnatomicRegionSequence: code(codes.lung),
  RecommendedDisplayCIELabValue: segmentColor(number),
  TrackingID: tracking.id,
  TrackingUID: tracking.uid,
});

/** Common Instance Reference: every slice of the scan that can be referenced, each instance once. */
const referencedSeries = ({ slices, seriesUid }: SourceAttributes): DataSet[] | undefined => {
  const instances = new Map(
    slices.flatMap(({ instance, sopClass }) => (instance === null ? [] : [[instance, sopClass] as const])),
  );
  if (instances.size === 0) return undefined;
  return [
    {
      SeriesInstanceUID: seriesUid,
      ReferencedInstanceSequence: [...instances].map(([ReferencedSOPInstanceUID, ReferencedSOPClassUID]) => ({
        ReferencedSOPClassUID,
        ReferencedSOPInstanceUID,
      })),
    },
  ];
};

const dimensions = (kind: SegmentationToWrite['kind'], key: string, seriesUid: string): DataSet => {
  const DimensionOrganizationUID = derivedUid('nodule-train', 'dimensions', kind, key, seriesUid);
  const position: DataSet = {
    DimensionOrganizationUID,
    DimensionIndexPointer: 'ImagePositionPatient',
    FunctionalGroupPointer: 'PlanePositionSequence',
    DimensionDescriptionLabel: 'Slice position',
  };
  const segment: DataSet = {
    DimensionOrganizationUID,
    DimensionIndexPointer: 'ReferencedSegmentNumber',
    FunctionalGroupPointer: 'SegmentIdentificationSequence',
    DimensionDescriptionLabel: 'Segment number',
  };
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID }],
    DimensionIndexSequence: kind === 'binary' ? [segment, position] : [position],
  };
};

const sharedGroups = ({ slices, grid }: SourceAttributes): DataSet => {
  const [first] = slices as readonly [SourceSlice, ...SourceSlice[]];
  const normal = cross(first.rowAxis, first.columnAxis);
  // The distance along the normal: with a tilted gantry the third axis is not perpendicular to the slices.
  const distance = (grid.spacing?.[2] ?? 1) * Math.abs(dot(normal, transpose(grid.direction)[2]));
  return {
    PixelMeasuresSequence: [
      {
        PixelSpacing: first.pixelSpacing,
        SliceThickness: first.thickness ?? distance,
        SpacingBetweenSlices: grid.slicePositions === undefined ? distance : undefined,
      },
    ],
    PlaneOrientationSequence: [{ ImageOrientationPatient: [...first.rowAxis, ...first.columnAxis] }],
  };
};

/** Groups of each frame. Index values count from 1 over what the frames have; slices are in the order of position. */
const perFrameGroups = (frames: readonly SegmentationFrame[], { slices }: SourceAttributes): DataSet[] => {
  const used = [...new Set(frames.map(({ slice }) => slice))].sort((a, b) => a - b);
  const placeOf = new Map(used.map((slice, at) => [slice, at + 1]));
  return frames.map(({ slice, segment }) => {
    const place = placeOf.get(slice)!;
    return {
      FrameContentSequence: [{ DimensionIndexValues: segment === null ? [place] : [segment, place] }],
      PlanePositionSequence: [{ ImagePositionPatient: slices[slice]!.position }],
      ...derivation(slices[slice]!),
      ...(segment !== null && { SegmentIdentificationSequence: [{ ReferencedSegmentNumber: segment }] }),
    };
  });
};

const derivation = ({ instance, sopClass, frame }: SourceSlice): DataSet =>
  instance === null
    ? {}
    : {
        DerivationImageSequence: [
          {
            DerivationCodeSequence: code(codes.segmentation),
            SourceImageSequence: [
              {
                ReferencedSOPClassUID: sopClass,
                ReferencedSOPInstanceUID: instance,
                ReferencedFrameNumber: frame ?? undefined,
                SpatialLocationsPreserved: 'YES',
                PurposeOfReferenceCodeSequence: code(codes.sourceImage),
              },
            ],
          },
        ],
      };
