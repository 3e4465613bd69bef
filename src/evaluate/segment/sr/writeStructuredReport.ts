import {
  type DataSet,
  derivedUid,
  resultSeriesNumber,
  type SourceAttributes,
  writeDicomFile,
} from '../../../ct/index.js';
import { NoduleTrainError } from '../../../runtime/index.js';
import { NOTICE, type ScanResult } from '../scanResult.js';
import { anyProcedure, codeItem, modalities, names, procedures, values } from './codes.js';
import {
  codeValueItem,
  containerContent,
  containerItem,
  type InstanceReference,
  imageItem,
  textItem,
  uidItem,
} from './contentItems.js';
import { findImageAxes } from './imageLine.js';
import { emptyGroup, measurementGroup, type SegmentationReference } from './measurementGroup.js';
import { noduleTracking, type Tracking } from './noduleTracking.js';
import { shortText } from './shortText.js';

export const COMPREHENSIVE_3D_SR = '1.2.840.10008.5.1.4.1.1.88.34';

export interface StructuredReportOptions {
  /** The SEG to refer to, null without one. Its segment numbers are the numbers of the nodules. */
  readonly segmentation: SegmentationReference | null;
  /** Tracking of each nodule, in their order; the same as in the SEG. By default that of `noduleTracking`. */
  readonly tracking?: readonly Tracking[];
  /** When the report is made; by default now. */
  readonly created?: Date;
}

export interface WrittenReport extends InstanceReference {
  readonly series: string;
  /** What the user should know about it, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Writes the nodules of a scan as a DICOM structured report: Comprehensive 3D SR with a TID 1500 Measurement Report. A
 * scan without nodules has one too, which says so. docs/reference/structured-report.md has the content tree. UIDs
 * depend on the result's `provenance.key`, the series and the SEG alone.
 * @param source the attributes of the DICOM series that the report refers to
 * @throws NoduleTrainError `structured-report` if the tracking does not belong to the nodules; `dicom-write`;
 * `disk-full`, `write-failed`
 */
export async function writeStructuredReport(
  path: string,
  result: ScanResult,
  source: SourceAttributes,
  options: StructuredReportOptions,
): Promise<WrittenReport> {
  const { dataSet, notes } = structuredReport(result, source, options);
  await writeDicomFile(path, dataSet);
  const { SOPInstanceUID, SeriesInstanceUID } = dataSet;
  return { sopClass: COMPREHENSIVE_3D_SR, instance: `${SOPInstanceUID}`, series: `${SeriesInstanceUID}`, notes };
}

/** Builds the data set that `writeStructuredReport` writes. */
export function structuredReport(
  result: ScanResult,
  source: SourceAttributes,
  { segmentation, tracking = noduleTracking(result), created = new Date() }: StructuredReportOptions,
): { dataSet: DataSet; notes: string[] } {
  checkTracking(result, tracking);
  const { key, version, models } = result.provenance;
  const [date, time] = [created.toISOString().slice(0, 10), created.toISOString().slice(11, 19)];
  const [ContentDate, ContentTime] = [date.replaceAll('-', ''), time.replaceAll(':', '')];
  const { items, notes } = reportItems(result, source, segmentation, tracking);
  const dataSet: DataSet = {
    ...source.patient,
    ...source.study,
    SOPClassUID: COMPREHENSIVE_3D_SR,
    SOPInstanceUID: derivedUid(
      'nodule-train',
      'structured report',
      key,
      source.seriesUid,
      segmentation?.instance ?? '',
    ),
    InstanceCreationDate: ContentDate,
    InstanceCreationTime: ContentTime,
    TimezoneOffsetFromUTC: '+0000',
    Modality: 'SR',
    SeriesInstanceUID: derivedUid('nodule-train', 'series of structured reports', key, source.seriesUid),
    SeriesNumber: resultSeriesNumber(source.seriesNumber, 'sr'),
    SeriesDescription: 'Lung nodules, research use only',
    ReferencedPerformedProcedureStepSequence: [],
    Manufacturer: 'nodule-train',
    ManufacturerModelName: shortText(models.map(({ name }) => name).join(' + ')),
    DeviceSerialNumber: key.slice(0, 16),
    SoftwareVersions: version,
    InstanceNumber: 1,
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    PreliminaryFlag: 'FINAL',
    ContentDate,
    ContentTime,
    PerformedProcedureCodeSequence: [],
    ...evidence(source, segmentation),
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [codeItem(names.report)],
    ...containerContent(items, '1500'),
  };
  return { dataSet, notes };
}

const checkTracking = ({ nodules }: ScanResult, tracking: readonly Tracking[]): void => {
  const unique = new Set(tracking.map(({ uid }) => uid)).size;
  if (tracking.length === nodules.length && unique === tracking.length) return;
  throw new NoduleTrainError(
    'structured-report',
    `writing a structured report: found ${tracking.length} tracking UIDs, ${unique} of them different, expected one ` +
      `for each of the ${nodules.length} nodules. Give the tracking of the SEG of the same result.`,
  );
};

/** The images that can be referenced, each instance once, in the order of the slices. */
const sourceInstances = ({ slices }: SourceAttributes): InstanceReference[] => {
  const instances = new Map<string, InstanceReference>();
  for (const { instance, sopClass } of slices)
    if (instance !== null && !instances.has(instance)) instances.set(instance, { instance, sopClass });
  return [...instances.values()];
};

/** Every instance that the content refers to, by series (PS3.3 C.17.2.3). */
const evidence = (source: SourceAttributes, segmentation: SegmentationReference | null): DataSet => {
  const references = (instances: readonly InstanceReference[]): DataSet[] =>
    instances.map(({ sopClass, instance }) => ({
      ReferencedSOPClassUID: sopClass,
      ReferencedSOPInstanceUID: instance,
    }));
  const images = sourceInstances(source);
  const series: DataSet[] = [
    ...(images.length === 0
      ? []
      : [{ SeriesInstanceUID: source.seriesUid, ReferencedSOPSequence: references(images) }]),
    ...(segmentation === null
      ? []
      : [{ SeriesInstanceUID: segmentation.series, ReferencedSOPSequence: references([segmentation]) }]),
  ];
  if (series.length === 0) return {};
  return {
    CurrentRequestedProcedureEvidenceSequence: [
      { StudyInstanceUID: source.studyUid, ReferencedSeriesSequence: series },
    ],
  };
};

const reportItems = (
  result: ScanResult,
  source: SourceAttributes,
  segmentation: SegmentationReference | null,
  tracking: readonly Tracking[],
): { items: DataSet[]; notes: string[] } => {
  const { nodules, scan, provenance } = result;
  const algorithm = { name: provenance.software, version: provenance.version };
  const without: number[] = [];
  const groups = nodules.map((nodule, k) => {
    const axes = findImageAxes(scan, source, nodule);
    if (axes === null && nodule.longAxisMm !== null) without.push(nodule.number);
    return measurementGroup(nodule, {
      tracking: tracking[k]!,
      segmentation,
      seriesUid: source.seriesUid,
      axes,
      algorithm,
    });
  });
  const notes =
    without.length === 0
      ? []
      : [
          `the structured report has the axes of ${without.length === 1 ? 'nodule' : 'nodules'} ${without.join(', ')} ` +
            'without lines, as they lie on no slice of the series that can be referenced',
        ];
  const items = [
    codeValueItem('HAS CONCEPT MOD', names.language, values.english),
    ...observer(result),
    codeValueItem('HAS CONCEPT MOD', names.procedure, procedures[source.modality] ?? anyProcedure),
    ...imageLibrary(source),
    containerItem(names.measurements, nodules.length === 0 ? [emptyGroup(trackingOfNone(result))] : groups),
    containerItem(names.evaluations, [
      codeValueItem('CONTAINS', names.outcome, nodules.length === 0 ? values.withoutFindings : values.withFindings),
      textItem('CONTAINS', names.comment, comment(result)),
    ]),
  ];
  return { items, notes };
};

const trackingOfNone = ({ provenance: { key } }: ScanResult): Tracking => ({
  id: 'No nodules',
  uid: derivedUid('nodule-train', 'no nodules', key),
});

/** The observer is this program (TID 1004). */
const observer = ({ provenance: { software, version, models } }: ScanResult): DataSet[] => [
  codeValueItem('HAS OBS CONTEXT', names.observerType, values.device),
  uidItem('HAS OBS CONTEXT', names.observerUid, derivedUid('nodule-train', 'device', version)),
  textItem('HAS OBS CONTEXT', names.observerName, `${software} ${version}`),
  textItem('HAS OBS CONTEXT', names.observerManufacturer, software),
  textItem('HAS OBS CONTEXT', names.observerModel, models.map(({ name }) => name).join(' + ')),
];

/** The images of the series (TID 1600), where they can be referenced. */
const imageLibrary = (source: SourceAttributes): DataSet[] => {
  const modality = modalities[source.modality];
  const images = sourceInstances(source).map((reference) => imageItem('CONTAINS', null, reference));
  if (images.length === 0) return [];
  const group = [
    ...(modality === undefined ? [] : [codeValueItem('HAS ACQ CONTEXT', names.modality, modality)]),
    ...images,
  ];
  return [containerItem(names.imageLibrary, [containerItem(names.imageLibraryGroup, group)], '1600')];
};

const comment = ({ nodules, provenance }: ScanResult): string => {
  const { software, version, libtorch, device, models, operatingPoint, key } = provenance;
  const found =
    nodules.length === 0 ? 'No nodules were found.' : `Nodules found: ${nodules.length}. No reader has verified them.`;
  const made = models.map(({ name, sha256 }) => `${name} (SHA-256 ${sha256})`).join(', ');
  const point = Object.entries(operatingPoint).map(([name, value]) => `${name} ${value}`);
  return (
    `${NOTICE}. ${found} Made by ${software} ${version}, libtorch ${libtorch} on ${device}, model ${made}; ` +
    `${point.join(', ')}; result ${key}.`
  );
};
