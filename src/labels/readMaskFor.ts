import {
  checkReferences,
  findMask,
  layOnGrid,
  layOnScan,
  readMask,
  readSegmentation,
  readStructureSet,
  type Volume,
} from '../ct/index.js';
import { NoduleTrainError } from '../runtime/index.js';
import { fillContours } from './contours/fillContours.js';

export interface MaskForOptions {
  /** Number or label of the segment of a SEG or .seg.nrrd or the region of an RTSTRUCT; needed if there are several. */
  readonly segment?: string | number;
  /** Place a mask by its positions even if its FrameOfReferenceUID is not the scan's. */
  readonly ignoreFrameOfReference?: boolean;
  /** Receives notes on the file for the user; by default they become process warnings. */
  readonly onNote?: (text: string) => void;
}

/**
 * Reads a mask onto the grid of `volume`, `[slices, rows, columns]`: the values of a label image, or 0 and 1 from a
 * DICOM SEG or RTSTRUCT. These are recognised by their content; `path` may also be the folder that holds the mask.
 * @throws NoduleTrainError `mask-shape` and `mask-grid` if it does not fit the grid, `mask-frame-of-reference` if it
 * was made in another frame of reference, `mask-segment` with the list of segments if one must be chosen,
 * `mask-folder` if a folder has several masks, and the errors of the readers
 */
export async function readMaskFor(
  volume: Volume,
  path: string,
  { segment, ignoreFrameOfReference, onNote = warn }: MaskForOptions = {},
): Promise<Uint8Array> {
  const found = await findMask(path);
  const notes: string[] = [];
  try {
    return await readFound(volume, found, { segment, ignoreFrameOfReference }, notes);
  } catch (error) {
    // Folders between the one given and the file may be named after the patient.
    if (!(error instanceof NoduleTrainError) || found.path === found.name) throw error;
    throw new NoduleTrainError(error.code, error.message.replaceAll(found.path, found.name), { cause: error.cause });
  } finally {
    for (const note of notes) onNote(`${found.name}: ${note}`);
  }
}

const readFound = async (
  volume: Volume,
  { path, kind }: Awaited<ReturnType<typeof findMask>>,
  { segment, ignoreFrameOfReference }: Omit<MaskForOptions, 'onNote'>,
  notes: string[],
): Promise<Uint8Array> => {
  if (kind === 'segmentation') {
    const segmentation = await readSegmentation(path, { segment });
    notes.push(...segmentation.notes);
    notes.push(...checkReferences(path, segmentation.references, volume, ignoreFrameOfReference));
    return layOnGrid(path, segmentation, volume);
  }
  if (kind === 'structure set') {
    const { contours, references, notes: onReading } = await readStructureSet(path, { segment });
    notes.push(...onReading, ...checkReferences(path, references, volume, ignoreFrameOfReference));
    const filled = fillContours(path, contours, volume);
    notes.push(...filled.notes);
    return filled.voxels;
  }
  // A mask with the sheared axes of its scan is straightened as the scan was.
  const mask = await readMask(path, {
    resample: volume.resampled === true,
    segment,
    clampLabels: true,
    onNote: (note) => notes.push(note.slice(path.length + 2)),
  });
  const { frameOfReferenceUid } = mask;
  // Other formats than DICOM have no frame of reference, so nothing can be said about it.
  if (frameOfReferenceUid !== undefined) {
    const references = { frames: [frameOfReferenceUid], instances: new Set<string>() };
    notes.push(...checkReferences(path, references, volume, ignoreFrameOfReference));
  }
  const laid = layOnScan('mask', path, mask, volume);
  notes.push(...laid.notes);
  return laid.voxels;
};

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_SCAN' });
