import { NoduleTrainError } from '../../runtime/index.js';
import { listFiles } from '../discovery/listFiles.js';
import { isOfCt } from '../modality.js';
import type { SeriesImage } from './describeImage.js';
import { type DicomObjects, readObjects } from './readObjects.js';
import { type Sorting, sortImages } from './stack/sortImages.js';

/**
 * One series in a folder. It has nothing about the patient, and no description, as people write names into that (PS3.15
 * table E.1-1).
 */
export interface DicomSeries {
  readonly uid: string;
  /** CT, MR, PT …; null where it is not one of the standard. */
  readonly modality: string | null;
  /** Frames of its images, without those of `leftOut`. */
  readonly slices: number;
  /** Number of localizers, secondary captures (screenshots, dose reports) and colour images beside the slices. */
  readonly leftOut: number;
  /** Size of its first slice. */
  readonly rows: number;
  readonly columns: number;
  /** Paths of its files, sorted. */
  readonly files: readonly string[];
}

/**
 * Lists the series of a folder and its subfolders, or of the given `files` of it, sorted by UID. DICOM files are
 * recognised by their content, other files are ignored.
 * @throws NoduleTrainError `scan-missing` if there is no such folder; `dicom-file` and `dicom-tag` for a damaged
 * image, as its series is unknown
 */
export const listSeries = async (dir: string, files?: readonly string[]): Promise<DicomSeries[]> => {
  const { images } = files === undefined ? await readFolder(dir) : await readFiles(dir, files);
  return groupBySeries(images).map((one) => summarizeSeries(one));
};

/**
 * Reads the headers of every DICOM file of a folder and its subfolders, sorted by path.
 * @throws NoduleTrainError as `listSeries` does
 */
export const readFolder = async (dir: string): Promise<DicomObjects> => readFiles(dir, await filesOf(dir));

/**
 * Reads the headers of the DICOM files among `files`, in their order; errors name `dir` and the file's own name.
 * @throws NoduleTrainError as `listSeries` does
 */
export const readFiles = async (dir: string, files: readonly string[]): Promise<DicomObjects> => {
  const objects = await readObjects(dir, files);
  const [damaged] = objects.damaged;
  if (damaged !== undefined) throw damaged.fault;
  return objects;
};

/** Groups images by series, sorted by UID. */
export const groupBySeries = (images: readonly SeriesImage[]): (readonly SeriesImage[])[] => {
  const groups = new Map<string, SeriesImage[]>();
  for (const image of images) {
    const group = groups.get(image.series);
    if (group === undefined) groups.set(image.series, [image]);
    else group.push(image);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
};

/** Summarizes the images of one series; `isNamed` as in `sortImages`. */
export const summarizeSeries = (images: readonly SeriesImage[], sorting: Sorting = {}): DicomSeries => {
  const { stack, leftOut } = sortImages(images, sorting);
  const first = stack[0] ?? images[0]!;
  return {
    uid: first.series,
    modality: isOfCt(first.modality, first.sopClass) ? 'CT' : first.modality,
    rows: first.rows,
    columns: first.columns,
    slices: stack.reduce((sum, { frames }) => sum + frames, 0),
    leftOut: leftOut.length,
    files: images.map(({ path }) => path),
  };
};

/**
 * Lists the files of a folder and its subfolders, sorted.
 * @throws NoduleTrainError `scan-missing` if a folder cannot be listed
 */
export const filesOf = async (dir: string): Promise<string[]> => {
  const { files, closed } = await listFiles(dir, 'reading');
  if (closed.length === 0) return [...files];
  throw new NoduleTrainError(
    'scan-missing',
    `reading ${dir}: ${closed.length} of its subfolders cannot be listed (${closed[0]}). Check their permissions.`,
  );
};
