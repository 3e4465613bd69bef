import { isCtClass, isOfCt, mayBeCt, modalityOf } from '../modality.js';
import { type FrameGroups, frameGroups } from './frameGroups.js';
import { type FramePlane, framePlane } from './framePlane.js';
import { type Phase, readPhase } from './phase.js';
import { type PixelFormat, pixelFormat } from './pixelFormat.js';
import type { DicomFile, PixelBytes } from './readDicomFile.js';
import { required } from './tags.js';
import type { TransferSyntax } from './transferSyntax.js';

/** JPEG Baseline and Extended. */
const alwaysLossy: ReadonlySet<string> = new Set(['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51']);

/** One frame of a file: its position in the patient, and the position of its pixels in the file. */
export interface Slice extends FramePlane {
  readonly path: string;
  /** SOP instance UID, null where the file has none. */
  readonly instance: string | null;
  /** SOP class UID, null where the file has none. */
  readonly sopClass: string | null;
  /** What errors call the file. */
  readonly name: string;
  readonly syntax: TransferSyntax;
  /** `inflated` is null: a deflated file is unpacked again when its pixels are read. */
  readonly pixels: PixelBytes;
  readonly format: PixelFormat;
  /** Number of the frame in the file, from 0. */
  readonly frame: number;
  readonly frames: number;
  /** Thickness in mm, null where the file has none. */
  readonly thickness: number | null;
  /** A pixel has the value `stored * slope + intercept`. */
  readonly slope: number;
  readonly intercept: number;
  /** Whether the file has a RescaleSlope of 0, which is read as 1. */
  readonly zeroSlope: boolean;
  /** Whether the values were once compressed lossily: by this compression, or as LossyImageCompression says. */
  readonly lossy: boolean;
  /** Whether the file says that these values are Hounsfield units. */
  readonly hu: boolean;
  /** RescaleType says that the unit is unspecified. */
  readonly isUnspecified: boolean;
  /** Stored value of padding pixels (PixelPaddingValue), null where the file has none. */
  readonly padding: number | null;
  readonly frameOfReference: string | null;
  /** Whether its pixel spacing is the one at the detector (ImagerPixelSpacing), for want of PixelSpacing. */
  readonly atDetector: boolean;
  readonly phase: Phase;
}

/**
 * Creates a slice for each frame of an image.
 * @throws NoduleTrainError `dicom-tag`, `dicom-pixels`, `dicom-frames`
 */
export const createSlices = (file: DicomFile): readonly Slice[] => {
  const { tags, syntax } = file;
  const groups = frameGroups(tags, syntax);
  const pixels = { ...required(tags.file, 'PixelData', file.pixels, 'an image'), inflated: null };
  const image = {
    path: file.path,
    name: tags.file,
    syntax,
    pixels,
    format: pixelFormat(tags),
    lossy: alwaysLossy.has(syntax.uid) || tags.texts('LossyImageCompression')?.[0] === '01',
    modality: modalityOf(tags.texts('Modality')?.[0]),
    frameOfReference: tags.uid('FrameOfReferenceUID'),
    instance: tags.uid('SOPInstanceUID'),
    sopClass: tags.uid('SOPClassUID'),
  };
  // All slices share the object `pixels`, by which decodeFrame caches the positions of a file's frames.
  return groups.map((group, frame) => createSlice(image, group, frame, groups.length));
};

type Image = Pick<
  Slice,
  'path' | 'name' | 'syntax' | 'pixels' | 'format' | 'frameOfReference' | 'instance' | 'sopClass' | 'lossy'
> & {
  readonly modality: string | null;
};

const createSlice = ({ modality, ...image }: Image, group: FrameGroups, frame: number, frames: number): Slice => {
  const { name, format } = image;
  const { measures, values, padding } = group;
  const [slope, intercept] = [values.number('RescaleSlope'), values.number('RescaleIntercept')];
  return {
    ...image,
    ...framePlane(name, group),
    frame,
    frames,
    thickness: positive(measures.number('SliceThickness')),
    // A slope of 0 would make every voxel the same; ITK and GDCM read it as 1.
    slope: slope || 1,
    intercept: intercept ?? 0,
    zeroSlope: slope === 0,
    hu: slope !== null && intercept !== null && isInHu(image, modality, values.texts('RescaleType')?.[0]),
    isUnspecified: values.texts('RescaleType')?.[0]?.toUpperCase() === UNSPECIFIED,
    atDetector: !measures.has('PixelSpacing') && measures.has('ImagerPixelSpacing'),
    phase: readPhase(group.phase),
    padding: padding.whole('PixelPaddingValue', format.signed),
  };
};

/**
 * RescaleType "unspecified" (PS3.3 C.11.1.1.2), which GDCM, and so SimpleITK, writes for a CT that it saves as another
 * class. In an image of a CT class it says that the values are something else, such as iodine.
 */
const UNSPECIFIED = 'US';

/** Whether rescaled values are Hounsfield units: those of a CT unless RescaleType says otherwise. */
const isInHu = ({ sopClass }: Pick<Slice, 'sopClass'>, modality: string | null, type: string | undefined): boolean => {
  const named = type?.toUpperCase();
  if (named === UNSPECIFIED) return modality === 'CT' && !isCtClass(sopClass);
  if (isOfCt(modality, sopClass)) return named === undefined || named === 'HU';
  return named === 'HU' && mayBeCt(modality, sopClass);
};

const positive = (value: number | null): number | null => (value !== null && value > 0 ? value : null);
