import {
  checkSameGrid,
  dicomMaskKind,
  layOnGrid,
  readMask,
  readSegmentation,
  readStructureSet,
  type Volume,
} from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';
import { rtStruct } from './contours/rtStruct.js';

export interface MaskForOptions {
  /** Number or label of the segment of a SEG or the region of an RTSTRUCT; needed if there are several. */
  readonly segment?: string | number;
  /** Receives notes on the file for the user; by default they become process warnings. */
  readonly onNote?: (text: string) => void;
}

/**
 * Reads a mask onto the grid of `volume`, `[slices, rows, columns]`: the values of a label image, or 0 and 1 from a
 * DICOM SEG or RTSTRUCT.
 * @throws NoduleTrainError `mask-shape` and `mask-grid` if it does not fit the grid, `mask-segment` with the list of
 * segments if one must be chosen, and the errors of the readers
 */
export async function readMaskFor(
  volume: Volume,
  path: string,
  { segment, onNote = warn }: MaskForOptions = {},
): Promise<Uint8Array> {
  const kind = /\.dcm$/i.test(path) ? await dicomMaskKind(path) : null;
  const tell = (notes: readonly string[]): void => {
    for (const note of notes) onNote(`${path}: ${note}`);
  };
  if (kind === 'segmentation') {
    const segmentation = await readSegmentation(path, { segment });
    tell(segmentation.notes);
    return layOnGrid(path, segmentation, volume);
  }
  if (kind === 'structure set') {
    const { contours, notes } = await readStructureSet(path, { segment });
    const laid = rtStruct(path, contours, volume);
    tell([...notes, ...laid.notes]);
    return laid.voxels;
  }
  if (segment !== undefined) {
    throw new NoduleTrainError(
      'mask-segment',
      `reading the mask ${path}: found an image, but segment ${JSON.stringify(segment)} needs a DICOM SEG or an ` +
        'RTSTRUCT. Omit the segment.',
    );
  }
  // A mask with the sheared axes of its scan is straightened as the scan was.
  const mask = await readMask(path, { resample: volume.resampled === true });
  checkSameGrid('mask', path, mask, volume);
  return mask.voxels;
}

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN' });
