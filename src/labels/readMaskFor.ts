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
  /** Number or label of the segment of a SEG, or of the region of an RTSTRUCT, where there are several. */
  readonly segment?: string | number;
  /** Told what the user should know of the file; by default a warning of the process. */
  readonly onNote?: (text: string) => void;
}

/**
 * The values of a mask on the grid of `volume`, [slices, rows, columns]: an image of labels, a DICOM SEG or an RTSTRUCT (0 and 1).
 * Throws 'mask-shape' and 'mask-grid' where it does not fit, 'mask-segment' with the list where one must be chosen, and what the readers throw.
 */
export const readMaskFor = async (
  volume: Volume,
  path: string,
  { segment, onNote = warn }: MaskForOptions = {},
): Promise<Uint8Array> => {
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
      `reading the mask ${path}: the segment ${JSON.stringify(segment)} is asked for, and only a DICOM SEG or an RTSTRUCT has any; leave it out`,
    );
  }
  const mask = await readMask(path);
  checkSameGrid('mask', path, mask, volume);
  return mask.voxels;
};

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN' });
