import { NoduleTrainError } from '../../runtime/error.js';
import type { Vector3 } from '../volume.js';
import { tagName } from './dictionary.js';
import { type PixelFormat, pixelFormat } from './pixelFormat.js';
import type { DicomFile, PixelBytes } from './readDicomFile.js';
import { required } from './tags.js';
import type { TransferSyntax } from './transferSyntax.js';

/** One frame of a file, as plain data: where it lies in the patient and where its pixels lie in the file. */
export interface Slice {
  readonly path: string;
  /** What errors call the file. */
  readonly name: string;
  readonly syntax: TransferSyntax;
  /** Without `inflated`: a deflated file is unpacked again when its pixels are read. */
  readonly pixels: PixelBytes;
  readonly format: PixelFormat;
  /** Which of `frames`, from 0. */
  readonly frame: number;
  readonly frames: number;
  /** Centre of the first pixel, LPS mm. */
  readonly position: Vector3;
  /** The way of the column index and of the row index, as the file has them. */
  readonly rowAxis: Vector3;
  readonly columnAxis: Vector3;
  /** Distance of rows and of columns, mm. */
  readonly pixelSpacing: readonly [rows: number, columns: number];
  /** Thickness in mm, null where the file does not say it. */
  readonly thickness: number | null;
  /** A pixel is worth `stored * slope + intercept`. */
  readonly slope: number;
  readonly intercept: number;
  /** The file says that this gives Hounsfield units. */
  readonly hu: boolean;
  /** The stored value of pixels that are none, null where the file has no such value. */
  readonly padding: number | null;
  readonly frameOfReference: string | null;
}

/** The frames of an image. Throws 'dicom-tag', 'dicom-pixels' and 'dicom-frames' with the file and what was found. */
export const slicesOf = (file: DicomFile): readonly Slice[] => {
  const { tags } = file;
  const frames = tags.number('NumberOfFrames') ?? 1;
  if (frames !== 1) {
    throw new NoduleTrainError(
      'dicom-frames',
      `reading ${tags.file}: tag ${tagName('NumberOfFrames')} is ${frames}; wanted is one frame a file: write the series anew as single slices`,
    );
  }
  return [sliceOf(file)];
};

const sliceOf = ({ path, tags, syntax, pixels }: DicomFile): Slice => {
  const { file } = tags;
  const format = pixelFormat(tags);
  const vector = required(file, 'ImagePositionPatient', tags.numbers('ImagePositionPatient', 3), '3 numbers');
  const axes = required(file, 'ImageOrientationPatient', tags.numbers('ImageOrientationPatient', 6), '6 numbers');
  const spacing = required(file, 'PixelSpacing', tags.numbers('PixelSpacing', 2), '2 numbers above 0');
  if (!spacing.every((distance) => distance > 0)) throw badSpacing(file, spacing);
  const [slope, intercept] = [tags.number('RescaleSlope'), tags.number('RescaleIntercept')];
  return {
    ...{ path, name: file, syntax, format, frame: 0, frames: 1 },
    pixels: { ...required(file, 'PixelData', pixels, 'an image'), inflated: null },
    position: vector as unknown as Vector3,
    rowAxis: axes.slice(0, 3) as unknown as Vector3,
    columnAxis: axes.slice(3) as unknown as Vector3,
    pixelSpacing: spacing as unknown as Slice['pixelSpacing'],
    thickness: positive(tags.number('SliceThickness')),
    slope: slope ?? 1,
    intercept: intercept ?? 0,
    hu:
      tags.texts('Modality')?.[0] === 'CT' &&
      slope !== null &&
      intercept !== null &&
      (tags.texts('RescaleType')?.[0] ?? 'HU') === 'HU',
    padding: tags.whole('PixelPaddingValue', format.signed),
    frameOfReference: tags.uid('FrameOfReferenceUID'),
  };
};

const positive = (value: number | null): number | null => (value !== null && value > 0 ? value : null);

const badSpacing = (file: string, spacing: readonly number[]): NoduleTrainError =>
  new NoduleTrainError(
    'dicom-tag',
    `reading ${file}: tag ${tagName('PixelSpacing')} is ${spacing.join(' and ')}; wanted are 2 numbers above 0`,
  );
