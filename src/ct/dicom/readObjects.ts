import { basename } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { describeImage, type SeriesImage, shownModality } from './describeImage.js';
import { inParallel } from './frames/inParallel.js';
import { readDicomFile } from './readDicomFile.js';

/** Files read at once. Node's thread pool has four threads; a few more files keep them busy. */
export const filesAtOnce = 8;

/** The folder as the user gave it and the file name alone: folders in between may be named after the patient. */
export const nameIn = (dir: string, path: string): string => `${dir}, file ${basename(path)}`;

/** A DICOM object without pixels, such as a structured report. */
export interface OtherObject {
  readonly path: string;
  readonly series: string;
  readonly modality: string | null;
}

/** The DICOM files of a folder, by what they hold. */
export interface DicomObjects {
  readonly images: readonly SeriesImage[];
  readonly others: readonly OtherObject[];
  /** Files that are DICOM but cannot be read. */
  readonly damaged: readonly { readonly path: string; readonly fault: NoduleTrainError }[];
}

/**
 * Reads the headers of the DICOM files among `files`, once each; files that are not DICOM and the index of a medium
 * (DICOMDIR), which belongs to no series, are ignored. Errors name `dir`, where it is given, and the file's own name.
 */
export const readObjects = async (dir: string | null, files: readonly string[]): Promise<DicomObjects> => {
  const images: SeriesImage[] = [];
  const others: OtherObject[] = [];
  const damaged: { path: string; fault: NoduleTrainError }[] = [];
  const readings = await inParallel(files, filesAtOnce, (path) =>
    readObject(path, dir === null ? path : nameIn(dir, path)),
  );
  for (const { image, other, damage } of readings) {
    if (image) images.push(image);
    if (other) others.push(other);
    if (damage) damaged.push(damage);
  }
  return { images, others, damaged };
};

interface Reading {
  readonly image?: SeriesImage;
  readonly other?: OtherObject;
  readonly damage?: DicomObjects['damaged'][number];
}

const readObject = async (path: string, name: string): Promise<Reading> => {
  try {
    const file = await readDicomFile(path, name);
    if (file === null) return {};
    if (file.pixels !== null) return { image: describeImage(file) };
    const series = file.tags.uid('SeriesInstanceUID');
    return series === null ? {} : { other: { path, series, modality: shownModality(file.tags) } };
  } catch (fault) {
    return { damage: { path, fault: asFault(fault, name) } };
  }
};

/** An error of the reader, or of the operating system, such as a disk that fails. */
const asFault = (cause: unknown, name: string): NoduleTrainError => {
  if (cause instanceof NoduleTrainError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined) throw cause;
  return new NoduleTrainError('dicom-file', `reading ${name}: it cannot be read (${code})`, { cause });
};
