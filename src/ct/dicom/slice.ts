import type { Vector3 } from '../grid/volume.js';
import { type FrameGroups, frameGroups } from './frameGroups.js';
import { framePlane } from './framePlane.js';
import { type PixelFormat, pixelFormat } from './pixelFormat.js';
import type { DicomFile, PixelBytes } from './readDicomFile.js';
import { required } from './tags.js';
import type { TransferSyntax } from './transferSyntax.js';

/** One frame of a file, as plain data: where it lies in the patient and where its pixels lie in the file. */
export interface Slice {
  readonly path: string;
  /** SOP instance UID, null where the file does not say it. */
  readonly instance: string | null;
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
  const { tags, syntax } = file;
  const groups = frameGroups(tags, syntax);
  const pixels = { ...required(tags.file, 'PixelData', file.pixels, 'an image'), inflated: null };
  const image = {
    ...{ path: file.path, name: tags.file, syntax, pixels, format: pixelFormat(tags) },
    ofCt: tags.texts('Modality')?.[0] === 'CT',
    frameOfReference: tags.uid('FrameOfReferenceUID'),
    instance: tags.uid('SOPInstanceUID'),
  };
  // All share `pixels`: by that object decodeFrame knows where the frames of a file lie.
  return groups.map((group, frame) => sliceOf(image, group, frame, groups.length));
};

type Image = Pick<Slice, 'path' | 'name' | 'syntax' | 'pixels' | 'format' | 'frameOfReference' | 'instance'> & {
  readonly ofCt: boolean;
};

const sliceOf = ({ ofCt, ...image }: Image, group: FrameGroups, frame: number, frames: number): Slice => {
  const { name, format } = image;
  const { position, rowAxis, columnAxis, pixelSpacing } = framePlane(name, group);
  const { measures, values, padding } = group;
  const [slope, intercept] = [values.number('RescaleSlope'), values.number('RescaleIntercept')];
  return {
    ...image,
    ...{ frame, frames, position, rowAxis, columnAxis, pixelSpacing },
    thickness: positive(measures.number('SliceThickness')),
    slope: slope ?? 1,
    intercept: intercept ?? 0,
    hu: ofCt && slope !== null && intercept !== null && (values.texts('RescaleType')?.[0] ?? 'HU') === 'HU',
    padding: padding.whole('PixelPaddingValue', format.signed),
  };
};

const positive = (value: number | null): number | null => (value !== null && value > 0 ? value : null);
