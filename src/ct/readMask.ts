import { NoduleTrainError } from '../runtime/index.js';
import { checkOptions } from './checkOptions.js';
import { inferFormat } from './formats.js';
import { type Geometry, type MaskVolume, pickGeometry } from './grid/volume.js';
import { checkGrid, describeResampling } from './imageFile/checkGrid.js';
import type { ImageFile } from './imageFile/imageFile.js';
import { straightenMask } from './imageFile/straighten.js';
import { type MaskOptions, maskOptionsSchema } from './readOptions.js';
import { frameOfReferenceOf } from './readVolume.js';
import { warnAboutScan } from './warnAboutScan.js';

/** Labels as their file stores them. */
export type MaskFile = MaskVolume & Pick<ImageFile, 'alternative'>;

/**
 * Reads labels or readers' votes: whole numbers from 0 to 255 of any element type. Values within 0.001 of a whole
 * number are rounded, with a note: programs store rounded slopes. Of a file that names its segments (3D Slicer's
 * `.seg.nrrd`) one is read, as 0 and 1.
 * @throws NoduleTrainError `mask-value` for another value; `mask-segment` if a segment must be chosen, with the list;
 * and what `readVolume` throws
 */
export const readMask = async (
  path: string,
  { onNote = warnAboutScan, ...rest }: MaskOptions = {},
): Promise<MaskFile> => {
  const { series, niftiTransform, segment, clampLabels, ...grid } = checkOptions(
    maskOptionsSchema,
    `reading the mask ${path}`,
    rest,
  );
  const request = { series, niftiTransform, labels: { segment } };
  const image = await inferFormat(path, 'reading the mask').read(path, request);
  if (segment !== undefined && image.isSegment !== true) {
    throw new NoduleTrainError(
      'mask-segment',
      `reading the mask ${path}: found an image, but segment ${JSON.stringify(segment)} needs a DICOM SEG, an ` +
        'RTSTRUCT or a .seg.nrrd with named segments. Omit the segment.',
    );
  }
  const straight = checkGrid(path, image, grid);
  const note = (text: string): void => onNote(`${path}: ${text}`);
  for (const text of image.notes) note(text);
  const mask = {
    ...pickGeometry(image),
    voxels: labelsOf(path, image, clampLabels, note),
    uid: image.uid,
    ...frameOfReferenceOf(image),
  };
  if (straight) return { ...mask, ...(image.alternative !== undefined && { alternative: image.alternative }) };
  const straightened = straightenMask(path, mask, image);
  note(describeResampling(image, straightened));
  return straightened;
};

/** Rounded slopes move labels by this much at most, and large ones by this share. */
const mostDrift = 1e-3;
const mostDriftShare = 2e-5;

const mostLabel = 255;

const labelsOf = (
  path: string,
  { values, slope, intercept, shape }: ImageFile,
  clampLabels: boolean,
  note: (text: string) => void,
): Uint8Array => {
  const plain = slope === 1 && intercept === 0;
  if (plain && values instanceof Uint8Array) return values;
  const voxels = new Uint8Array(values.length);
  let drifted = 0;
  let large = 0;
  let zeros = 0;
  let largest = 0;
  let firstLarge = 0;
  for (let k = 0; k < values.length; k++) {
    const value = Number(values[k]) * slope + intercept;
    const label = Math.round(value);
    if (label !== value) {
      // Written so that NaN is refused too.
      if (!(Math.abs(value - label) <= Math.max(mostDrift, mostDriftShare * label)))
        throw valueError(path, k, value, shape);
      drifted++;
    }
    if (label === 0) zeros++;
    else if (label < 0) throw valueError(path, k, value, shape);
    else if (label > mostLabel) {
      if (large === 0) firstLarge = k;
      large++;
      if (label > largest) largest = label;
      voxels[k] = mostLabel;
      continue;
    }
    voxels[k] = label;
  }
  // A scan of unsigned values has few zeros, labels of numbered nodules have many.
  if (large > 0 && !(clampLabels && zeros >= values.length / 2))
    throw valueError(path, firstLarge, Number(values[firstLarge]) * slope + intercept, shape);
  if (large > 0)
    note(
      `${large} voxels have labels above ${mostLabel} (up to ${largest}), such as instance numbers; they are read as ` +
        `${mostLabel}`,
    );
  if (drifted > 0)
    note(
      `${drifted} of its ${values.length} values are not whole numbers, but within ${mostDrift} of one (slope ` +
        `${slope}, intercept ${intercept}); they are rounded`,
    );
  return voxels;
};

const valueError = (path: string, k: number, value: number, [, rows, columns]: Geometry['shape']): NoduleTrainError => {
  const index = [Math.floor(k / (rows * columns)), Math.floor(k / columns) % rows, k % columns].join(', ');
  return new NoduleTrainError(
    'mask-value',
    `reading the mask ${path}: voxel [${index}] is ${value}, expected whole numbers from 0 to ${mostLabel}. Is this ` +
      'the scan, or a map of probabilities, instead of its mask?',
  );
};
