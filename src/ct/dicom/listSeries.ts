import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { modalityOf } from '../modality.js';
import { inParallel } from './frames/inParallel.js';
import { type DicomFile, readDicomFile } from './readDicomFile.js';
import { createSlices, type Slice } from './slice.js';
import { type DicomTags, required } from './tags.js';

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
  /** Number of localizers and secondary captures (screenshots, dose reports), which are never part of a volume. */
  readonly leftOut: number;
  /** Size of its first slice. */
  readonly rows: number;
  readonly columns: number;
  /** Paths of its files, sorted. */
  readonly files: readonly string[];
}

/** One image of a folder. Either it has `slices` or a `fault`, which is thrown only if its series is read. */
export interface SeriesImage {
  readonly path: string;
  readonly series: string;
  readonly study: string | null;
  readonly sopClass: string | null;
  /** Values of ImageType; empty where it is missing. */
  readonly imageType: readonly string[];
  readonly modality: string | null;
  readonly rows: number;
  readonly columns: number;
  readonly kind: 'slice' | 'localizer' | 'secondary capture';
  readonly frames: number;
  readonly slices: readonly Slice[];
  readonly fault: NoduleTrainError | null;
}

/** Files read at once. Node's thread pool has four threads; a few more files keep them busy. */
export const filesAtOnce = 8;

/**
 * Lists the series of a folder and its subfolders, sorted by UID. DICOM files are recognised by their content, other
 * files are ignored.
 * @throws NoduleTrainError `scan-missing` if there is no such folder; `dicom-file` and `dicom-tag` for a damaged
 * image, as its series is unknown
 */
export const listSeries = async (dir: string): Promise<DicomSeries[]> =>
  groupBySeries(await readImages(dir)).map(summarizeSeries);

/**
 * Reads the headers of every image of a folder, sorted by path.
 * @throws NoduleTrainError as `listSeries` does
 */
export const readImages = async (dir: string): Promise<SeriesImage[]> => {
  return readImageFiles(dir, await filesOf(dir));
};

/**
 * Reads the headers of the images among `files`, in their order; errors name `dir` and the file's own name.
 * @throws NoduleTrainError as `listSeries` does
 */
export const readImageFiles = async (dir: string, files: readonly string[]): Promise<SeriesImage[]> => {
  const images = await inParallel(files, filesAtOnce, async (path) => {
    const file = await readDicomFile(path, nameIn(dir, path));
    return file?.pixels ? describeImage(file) : null;
  });
  return images.filter((image) => image !== null);
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

/** Summarizes the images of one series. */
export const summarizeSeries = (images: readonly SeriesImage[]): DicomSeries => {
  const [first] = images as readonly [SeriesImage, ...SeriesImage[]];
  const slices = images.filter(({ kind }) => kind === 'slice');
  const { rows, columns } = slices[0] ?? first;
  return {
    uid: first.series,
    modality: first.modality,
    rows,
    columns,
    slices: slices.reduce((sum, { frames }) => sum + frames, 0),
    leftOut: images.length - slices.length,
    files: images.map(({ path }) => path),
  };
};

/** The folder as the user gave it and the file name alone: folders in between may be named after the patient. */
export const nameIn = (dir: string, path: string): string => `${dir}, file ${basename(path)}`;

/** Lists the files of a folder and its subfolders, sorted. */
export const filesOf = async (dir: string): Promise<string[]> => {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be listed (${cause.code})`;
    throw new NoduleTrainError('scan-missing', `reading ${dir}: ${found}. Give a folder of DICOM files.`, { cause });
  });
  const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  const files: string[] = [];
  for (const { entry, path } of paths) {
    // Links to files count, as git-annex and data sets use them; links to folders do not, as they may form a cycle.
    if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) files.push(path);
  }
  return files.sort();
};

const isFile = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
};

/** Defined terms of Modality (PS3.3 C.7.3.1.1.1); any other text in this tag is not shown. */
const modalities = new Set(
  'CT MR PT NM CR DX MG US XA RF OT SC SEG SR PR KO REG DOC RTIMAGE RTDOSE RTSTRUCT RTPLAN IO OP SM ES XC GM PX BI DG'.split(
    ' ',
  ),
);

/** The modality, null where it is not one of the defined terms. */
export const shownModality = (tags: DicomTags): string | null => {
  const modality = modalityOf(tags.texts('Modality')?.[0]);
  return modality !== null && modalities.has(modality) ? modality : null;
};

const secondaryCapture = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.\d)?$/;

/**
 * Describes one image of a series.
 * @throws NoduleTrainError `dicom-tag` if it has no series UID
 */
export const describeImage = (file: DicomFile): SeriesImage => {
  const { tags, path } = file;
  const imageType = tags.texts('ImageType') ?? [];
  const isLocalizer = imageType[2] === 'LOCALIZER';
  const sopClass = tags.uid('SOPClassUID');
  const isCapture = secondaryCapture.test(sopClass ?? '');
  return {
    path,
    series: required(tags.file, 'SeriesInstanceUID', tags.uid('SeriesInstanceUID'), 'the UID of its series'),
    study: tags.uid('StudyInstanceUID'),
    sopClass,
    imageType,
    modality: shownModality(tags),
    rows: tags.whole('Rows', false) ?? 0,
    columns: tags.whole('Columns', false) ?? 0,
    kind: isLocalizer ? 'localizer' : isCapture ? 'secondary capture' : 'slice',
    frames: tags.number('NumberOfFrames') ?? 1,
    ...slicesOrFault(file),
  };
};

const slicesOrFault = (file: DicomFile): Pick<SeriesImage, 'slices' | 'fault'> => {
  try {
    return { slices: createSlices(file), fault: null };
  } catch (fault) {
    if (!(fault instanceof NoduleTrainError)) throw fault;
    return { slices: [], fault };
  }
};
