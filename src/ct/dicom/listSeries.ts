import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { inParallel } from './frames/inParallel.js';
import { type DicomFile, readDicomFile } from './readDicomFile.js';
import { type Slice, slicesOf } from './slice.js';
import { required } from './tags.js';

/** What a folder holds of one series. Nothing of the patient: also no description, as people write names into it (PS3.15 table E.1-1). */
export interface DicomSeries {
  readonly uid: string;
  /** CT, MR, PT …; null where it is none of the standard's. */
  readonly modality: string | null;
  /** Frames of its images, without those left out. */
  readonly slices: number;
  /** Localizers and secondary captures (saved screens, dose reports), which are never part of a volume. */
  readonly leftOut: number;
  /** Of its first slice. */
  readonly rows: number;
  readonly columns: number;
  /** Its files, by name. */
  readonly files: readonly string[];
}

/** One image of a folder. Exactly one of `slices` and `fault` is there: a fault counts only where its series is read. */
export interface SeriesImage {
  readonly path: string;
  readonly series: string;
  readonly modality: string | null;
  readonly rows: number;
  readonly columns: number;
  readonly kind: 'slice' | 'localizer' | 'secondary capture';
  readonly frames: number;
  readonly slices: readonly Slice[];
  readonly fault: NoduleTrainError | null;
}

/** Files read at once: the thread pool of Node has four threads, and a few more keep them busy. */
const filesAtOnce = 8;

/**
 * The series of a folder and of the folders in it, by their UID; files are judged by their content, others are passed over.
 * Throws 'scan-missing' where there is no such folder, 'dicom-file' and 'dicom-tag' for a damaged image, as nothing says which series lacks it.
 */
export const listSeries = async (dir: string): Promise<DicomSeries[]> => bySeries(await imagesOf(dir)).map(summary);

/** Every image of a folder, by file name. Throws as `listSeries`. */
export const imagesOf = async (dir: string): Promise<SeriesImage[]> => {
  const files = await filesOf(dir);
  const images = await inParallel(files, filesAtOnce, async (path) => {
    const file = await readDicomFile(path, nameIn(dir, path));
    return file?.pixels ? imageOf(file) : null;
  });
  return images.filter((image) => image !== null);
};

/** Images by their series, in the order of the UIDs. */
export const bySeries = (images: readonly SeriesImage[]): (readonly SeriesImage[])[] => {
  const groups = new Map<string, SeriesImage[]>();
  for (const image of images) {
    const group = groups.get(image.series);
    if (group === undefined) groups.set(image.series, [image]);
    else group.push(image);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
};

export const summary = (images: readonly SeriesImage[]): DicomSeries => {
  const [first] = images as readonly [SeriesImage, ...SeriesImage[]];
  const slices = images.filter(({ kind }) => kind === 'slice');
  const { rows, columns } = slices[0] ?? first;
  return {
    ...{ uid: first.series, modality: first.modality, rows, columns },
    slices: slices.reduce((sum, { frames }) => sum + frames, 0),
    leftOut: images.length - slices.length,
    files: images.map(({ path }) => path),
  };
};

/** The folder as the user gave it and the file's own name: folders in between may be named after the patient. */
const nameIn = (dir: string, path: string): string => `${dir}, file ${basename(path)}`;

const filesOf = async (dir: string): Promise<string[]> => {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be listed (${cause.code})`;
    throw new NoduleTrainError('scan-missing', `reading ${dir}: ${found}; give a folder of DICOM files`, { cause });
  });
  const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  const files: string[] = [];
  for (const { entry, path } of paths) {
    // A link to a file counts, as git-annex and datasets make them; one to a folder does not, it may lead round in a circle.
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

/** PS3.3 C.7.3.1.1.1; any other text under this tag is not shown. */
const modalities = new Set(
  'CT MR PT NM CR DX MG US XA RF OT SC SEG RTIMAGE RTDOSE RTSTRUCT RTPLAN IO OP SM ES XC GM PX BI DG'.split(' '),
);

const secondaryCapture = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.\d)?$/;

export const imageOf = (file: DicomFile): SeriesImage => {
  const { tags, path } = file;
  const modality = tags.texts('Modality')?.[0] ?? null;
  const isLocalizer = tags.texts('ImageType')?.[2] === 'LOCALIZER';
  const isCapture = secondaryCapture.test(tags.uid('SOPClassUID') ?? '');
  return {
    path,
    series: required(tags.file, 'SeriesInstanceUID', tags.uid('SeriesInstanceUID'), 'the UID of its series'),
    modality: modality !== null && modalities.has(modality) ? modality : null,
    rows: tags.whole('Rows', false) ?? 0,
    columns: tags.whole('Columns', false) ?? 0,
    kind: isLocalizer ? 'localizer' : isCapture ? 'secondary capture' : 'slice',
    frames: tags.number('NumberOfFrames') ?? 1,
    ...slicesOrFault(file),
  };
};

const slicesOrFault = (file: DicomFile): Pick<SeriesImage, 'slices' | 'fault'> => {
  try {
    return { slices: slicesOf(file), fault: null };
  } catch (fault) {
    if (!(fault instanceof NoduleTrainError)) throw fault;
    return { slices: [], fault };
  }
};
