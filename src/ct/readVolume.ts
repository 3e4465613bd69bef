import { checkOptions } from './checkOptions.js';
import { inferFormat } from './formats.js';
import { pickGeometry, type Volume } from './grid/volume.js';
import { checkGrid, describeResampling } from './imageFile/checkGrid.js';
import type { ImageFile } from './imageFile/imageFile.js';
import { straightenVolume } from './imageFile/straighten.js';
import { toInt16 } from './imageFile/toInt16.js';
import { type ReadOptions, readOptionsSchema } from './readOptions.js';
import { describeValues } from './values/describeValues.js';
import { examineValues, leastVoxels } from './values/examineValues.js';
import { warnAboutScan } from './warnAboutScan.js';

/** An image of floats or rescaled values whose minimum is above this has no air or lung in HU. */
const darkestOfArbitrary = -200;

/**
 * Reads a scan. Voxels are `[slices, rows, columns]` in the file's order; nothing is reoriented. Outliers that int16
 * cannot hold are clipped, with a note.
 *
 * Where neither the file nor `intensity` says whether the values are Hounsfield units, signed integers are assumed to
 * be 'hu', others only if one is below -200, and `onNote` reports the assumption. It also reports values that should be
 * Hounsfield units and look as if a program had changed them, such as HU + 1024; `rescale` reads these.
 * @throws NoduleTrainError `scan-missing`, `scan-format`, `scan-axes`, `scan-slices`, `voxel-not-finite`,
 * `voxel-range`, `resample` and the codes of each format, with the file and the field
 */
export const readVolume = async (
  path: string,
  { onNote = warnAboutScan, ...rest }: ReadOptions = {},
): Promise<Volume> => {
  const { intensity, rescale, series, files, niftiTransform, acquisition, ...grid } = checkOptions(
    readOptionsSchema,
    `reading the scan ${path}`,
    rest,
  );
  const note = (text: string): void => onNote(`${path}: ${text}`);
  const read = await inferFormat(path, 'reading the scan').read(path, { series, files, niftiTransform, acquisition });
  const image = rescale === undefined ? read : rescaled(read, rescale);
  const straight = checkGrid(path, image, grid);
  const given = intensity ?? (rescale && 'hu');
  for (const text of [...image.notes, ...(given === undefined ? (image.intensityNotes ?? []) : [])]) note(text);
  const { min, max, notes, ...stored } = toInt16(path, image, given ?? image.intensity);
  for (const text of notes) note(text);
  if (stored.scale !== 1) {
    const error = (max - min) / 65535;
    note(`int16 cannot hold values from ${min} to ${max} exactly; they are rounded by at most ${error.toPrecision(3)}`);
  }
  const volume = {
    ...pickGeometry(image),
    ...stored,
    intensity: decideIntensity(image, { ...stored, min }, given, note),
    uid: image.uid,
    ...(straight && image.sliceUids !== undefined ? { sliceUids: image.sliceUids } : {}),
    ...frameOfReferenceOf(image),
  };
  if (straight) return volume;
  const resampled = straightenVolume(path, volume, image);
  note(describeResampling(image, resampled));
  return resampled;
};

const rescaled = (image: ImageFile, [slope, intercept]: readonly [number, number]): ImageFile => ({
  ...image,
  slope: image.slope * slope,
  intercept: image.intercept * slope + intercept,
});

type Stored = Pick<Volume, 'voxels' | 'scale' | 'offset'> & { readonly min: number };

/** The frame of reference of a file as a field, if it has one. */
export const frameOfReferenceOf = ({ frameOfReferenceUid }: ImageFile): Pick<Volume, 'frameOfReferenceUid'> =>
  frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid };

/**
 * Decides what the values are: by the options, else by the file, else by their type and range. Reports where their
 * distribution contradicts that.
 */
const decideIntensity = (
  image: ImageFile,
  stored: Stored,
  given: Volume['intensity'] | undefined,
  note: (text: string) => void,
): Volume['intensity'] => {
  if (given === 'arbitrary') return given;
  const intensity = given ?? image.intensity;
  if (intensity === null) return guessIntensity(image, stored, note);
  if (intensity === 'hu') {
    const finding = examineValues(stored);
    if (finding !== null && finding.kind !== 'hu')
      note(`its values are not Hounsfield units: ${describeValues(finding)}`);
    else if (spansOf(image) < leastSpan && stored.voxels.length >= leastVoxels)
      note(
        `its 8-bit values span ${spansOf(image)} HU, less than from air to tissue: a display window or labels rather ` +
          'than Hounsfield units. Use the original scan, or read it with --intensity arbitrary',
      );
  } else if (image.mayBeHu) {
    const finding = examineValues(stored);
    // Scaled to a range: nothing that could be read as HU.
    if (finding !== null && finding.kind !== 'rescaled')
      note(`its values are read as 'arbitrary', but ${describeValues(finding)}`);
  }
  return intensity;
};

/** HU from air to soft tissue. */
const leastSpan = 1000;

/** The range that 8-bit values can have, with the slope of their file; infinite for more bits. */
const spansOf = ({ values, slope, bits }: ImageFile): number =>
  (bits ?? values.BYTES_PER_ELEMENT * 8) > 8 ? Number.POSITIVE_INFINITY : 255 * Math.abs(slope);

/**
 * Signed integers are HU in practice. Other images are only if something in them is darker than fat: rescaled images
 * start near 0.
 */
const guessIntensity = (image: ImageFile, stored: Stored, note: (text: string) => void): Volume['intensity'] => {
  const { values, slope, intercept } = image;
  const { min } = stored;
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  const isUnsigned =
    values instanceof Uint8Array ||
    values instanceof Uint16Array ||
    values instanceof Uint32Array ||
    values instanceof BigUint64Array;
  const isSigned = !isFloat && !isUnsigned && Number.isInteger(slope) && Number.isInteger(intercept);
  const unknown = 'the file does not say whether its values are Hounsfield units; assuming';
  const finding = examineValues(stored);
  if (finding !== null && finding.kind !== 'hu') {
    note(`${unknown} 'arbitrary', as ${describeValues(finding)}`);
    return 'arbitrary';
  }
  const intensity = !isSigned && min > darkestOfArbitrary ? 'arbitrary' : 'hu';
  const reason = isSigned ? 'they are signed integers' : `the lowest is ${min}`;
  note(`${unknown} '${intensity}', as ${reason}. Set intensity to override.`);
  return intensity;
};
