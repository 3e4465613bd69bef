import {
  dicomMaskKind,
  indexIRC,
  indexToWorld,
  layOnGrid,
  type MaskVolume,
  readMask,
  readSegmentation,
  readStructureSet,
  type Volume,
  worldToIndex,
} from '../ct/index.js';
import { NoduleTrainError } from '../runtime/error.js';
import { rtStruct } from './rtStruct.js';

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
  checkGrid(path, mask, volume);
  return mask.voxels;
};

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN' });

/** Half a voxel at the corners: headers of different programs round their figures, but a grid that is off by more marks other voxels. */
const tolerance = 0.5;

const checkGrid = (path: string, mask: MaskVolume, volume: Volume): void => {
  const { shape, uid } = volume;
  if (mask.shape.some((extent, axis) => extent !== shape[axis])) {
    throw new NoduleTrainError(
      'mask-shape',
      `reading the mask ${path}: it has [${mask.shape}] voxels, but its scan ${uid} [${shape}]; give the mask of this scan`,
    );
  }
  if (mask.spacing === null || volume.spacing === null) return;
  for (let corner = 0; corner < 8; corner++) {
    const [i, r, c] = shape.map((extent, axis) => ((corner >> axis) & 1) * (extent - 1)) as [number, number, number];
    const [fi, fr, fc] = worldToIndex(volume, indexToWorld(mask, indexIRC(i, r, c)));
    if (Math.max(Math.abs(fi - i), Math.abs(fr - r), Math.abs(fc - c)) <= tolerance) continue;
    throw new NoduleTrainError(
      'mask-grid',
      `laying the mask ${path} on its scan ${uid}: its voxel [${i}, ${r}, ${c}] lies at [${[fi, fr, fc].map((place) => place.toFixed(2)).join(', ')}] of the scan; wanted is the scan's own grid (spacing, origin and direction): resample the mask, or give the scan that it was made on`,
    );
  }
};
