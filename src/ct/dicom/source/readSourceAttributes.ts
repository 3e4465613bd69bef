import { basename } from 'node:path';
import { NoduleTrainError } from '../../../runtime/index.js';
import type { Geometry } from '../../grid/volume.js';
import type { ReadRequest } from '../../imageFile/imageFile.js';
import { findStack } from '../dicom.js';
import type { FramePlane } from '../framePlane.js';
import { readDataSet } from '../readDicomFile.js';
import type { DataSet } from '../write/attributes.js';
import { derivedUid } from '../write/derivedUid.js';
import { faultInText } from '../write/faultInText.js';
import { copyAttributes } from './copyAttributes.js';

/** One slice of the scan that a result refers to. */
export interface SourceSlice extends FramePlane {
  readonly sopClass: string;
  /** SOP instance UID, null where the slice has none that can be referenced. */
  readonly instance: string | null;
  /** Number of the frame in its instance, from 1; null in an image of one frame. */
  readonly frame: number | null;
  /** mm, null where the file has none. */
  readonly thickness: number | null;
}

/**
 * What a DICOM object made from a scan copies from it. Every value is valid for its VR, and required ones are there.
 * `patient` and `study` are for the object alone: no error, note, log or other file may show them.
 */
export interface SourceAttributes {
  /** The Patient and Patient Study modules. */
  readonly patient: DataSet;
  /** The General Study module. */
  readonly study: DataSet;
  /** FrameOfReferenceUID and PositionReferenceIndicator. */
  readonly frameOfReference: DataSet;
  /** BodyPartExamined and what else of the series is copied. */
  readonly series: DataSet;
  readonly seriesUid: string;
  /** SeriesNumber of the scan, null where it has none. */
  readonly seriesNumber: number | null;
  readonly studyUid: string;
  readonly modality: string;
  /** The grid of the slices as stored, possibly sheared; unevenly spaced slices have `slicePositions` in mm. */
  readonly grid: Geometry & { readonly slicePositions?: readonly number[] };
  /** In the order of the volume's slices. */
  readonly slices: readonly SourceSlice[];
  /** What was missing or invalid in the scan, one sentence each, without values. */
  readonly notes: readonly string[];
}

/**
 * Reads what a DICOM object made from a scan must copy: the attributes of patient, study and series, and the slices in
 * the order of the volume that `readVolume` reads with the same arguments. It is the only reader of patient
 * attributes. Missing and invalid ones are replaced so that the object is valid, with a note.
 * @throws NoduleTrainError `scan-missing` and `dicom-…`, as `readVolume` does
 */
export async function readSourceAttributes(
  path: string,
  { series, files, acquisition }: ReadRequest = {},
): Promise<SourceAttributes> {
  const {
    images,
    slices: stack,
    shape,
    spacing,
    origin,
    direction,
    slicePositions,
  } = await findStack(path, { series, files, acquisition });
  const [first] = stack;
  const seriesUid = images[0]!.series;
  const modality = images[0]!.modality ?? 'OT';
  const parsed = await readDataSet(first.path, first.path === path ? path : `${path}, file ${basename(first.path)}`);
  if (parsed === null)
    throw new NoduleTrainError('dicom-file', `reading ${path}: a file changed while it was being read. Try again.`);
  const copied = copyAttributes(parsed.dataSet);
  const notes: string[] = [...copied.notes];
  const derive = (keyword: string, found: string | undefined): string => {
    if (found) return found;
    notes.push(`the scan has no valid ${keyword}: DICOM results have one derived from its SeriesInstanceUID`);
    return derivedUid('nodule-train', keyword, seriesUid);
  };
  const studyUid = derive('StudyInstanceUID', copied.uid('StudyInstanceUID'));
  const frameUid = derive('FrameOfReferenceUID', copied.uid('FrameOfReferenceUID'));
  const standard = (sopClass: string | null): boolean => /^1\.2\.840\.10008\.5\.1\.4\.1\.1\./.test(sopClass ?? '');
  if (!stack.every(({ sopClass }) => standard(sopClass)))
    notes.push('the SOPClassUID of slices is missing or anonymised: DICOM results refer to them by their modality');
  const referable = (instance: string | null): boolean => instance !== null && faultInText('UI', instance) === null;
  if (!stack.every(({ instance }) => referable(instance)))
    notes.push(
      'slices have no valid SOPInstanceUID: DICOM results do not refer to them, and viewers may not show these',
    );
  if (!stack.every(({ thickness }) => thickness !== null))
    notes.push('slices have no SliceThickness: DICOM results have the distance of the slices in its place');
  const slices = stack.map((slice) => ({
    position: slice.position,
    rowAxis: slice.rowAxis,
    columnAxis: slice.columnAxis,
    pixelSpacing: slice.pixelSpacing,
    sopClass: standard(slice.sopClass) ? slice.sopClass! : sopClassByModality(modality, slice.frames),
    instance: referable(slice.instance) ? slice.instance : null,
    frame: slice.frames > 1 ? slice.frame + 1 : null,
    thickness: slice.thickness,
  }));
  const number = copied.series.SeriesNumber;
  return {
    patient: copied.patient,
    study: { ...copied.study, StudyInstanceUID: studyUid },
    frameOfReference: { ...copied.frameOfReference, FrameOfReferenceUID: frameUid },
    series: { ...copied.series, SeriesNumber: undefined },
    seriesUid,
    seriesNumber: typeof number === 'string' && number !== '' ? Number(number) : null,
    studyUid,
    modality,
    grid: { shape, spacing, origin, direction, ...(slicePositions === undefined ? {} : { slicePositions }) },
    slices,
    notes,
  };
}

/** SOP class of an image whose own is unknown. */
const sopClassByModality = (modality: string, frames: number): string => {
  const root = '1.2.840.10008.5.1.4.1.1.';
  if (modality === 'MR') return `${root}4${frames > 1 ? '.1' : ''}`;
  if (modality === 'PT') return `${root}${frames > 1 ? '130' : '128'}`;
  return `${root}2${frames > 1 ? '.1' : ''}`;
};
