import { stat } from 'node:fs/promises';
import { NoduleTrainError } from '../../../runtime/index.js';
import { isSingleImage } from '../../formats.js';
import { inParallel } from '../frames/inParallel.js';
import { filesOf } from '../listSeries.js';
import { filesAtOnce, nameIn } from '../readObjects.js';
import { type DicomMaskKind, dicomMaskKind } from './dicomMaskKind.js';

/** The file or folder that a mask is read from. */
export interface FoundMask {
  readonly path: string;
  /** What errors call it: in a given folder that folder and its own name, as folders between may be private. */
  readonly name: string;
  /** 'image': a label image, of DICOM or another format; 'other': a DICOM file without pixels. */
  readonly kind: DicomMaskKind;
}

/** Masks that an error lists. */
const mostListed = 20;

/**
 * Finds the mask that `path` names. DICOM files are recognised by their content, whatever their name. In a folder it is
 * the only SEG or RTSTRUCT, also beside a scan; without one the only label image of another format, or the folder's
 * DICOM series as a label image.
 * @throws NoduleTrainError `mask-folder` with a list, if the folder holds several masks or none; `scan-missing`,
 * `dicom-file`
 */
export const findMask = async (path: string): Promise<FoundMask> => {
  if (!(await isFolder(path))) return { path, name: path, kind: (await dicomMaskKind(path)) ?? 'image' };
  const files = await filesOf(path);
  const found = await inParallel(files, filesAtOnce, async (file) => {
    const name = nameIn(path, file);
    return { path: file, name, kind: await dicomMaskKind(file, name) };
  });
  const objects = found.filter(({ kind }) => kind === 'segmentation' || kind === 'structure set');
  const images = found.filter(({ kind, path: file }) => kind === null && isSingleImage(file));
  const series = found.some(({ kind }) => kind === 'image');
  const [only, ...others] = objects.length > 0 ? objects : images;
  if (only === undefined && series) return { path, name: path, kind: 'image' };
  if (only !== undefined && others.length === 0 && (objects.length > 0 || !series))
    return { ...only, kind: only.kind ?? 'image' };
  const masks = [...objects, ...images].map((mask) => `${shownName(path, mask.name)} (${mask.kind ?? 'image'})`);
  const list = [
    ...masks.slice(0, mostListed),
    ...(masks.length > mostListed ? [`and ${masks.length - mostListed} more`] : []),
    ...(series && objects.length === 0 ? ['a DICOM series'] : []),
  ].join(', ');
  throw new NoduleTrainError(
    'mask-folder',
    `reading the mask ${path}: the folder holds ${list === '' ? 'no image' : list}, expected one mask. Give the file ` +
      'of the mask.',
  );
};

const shownName = (dir: string, name: string): string => name.slice(`${dir}, file `.length);

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
