import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import type { ImageFile, ImageFormat, ReadRequest } from '../imageFile/imageFile.js';
import type { Arranged } from './arrangeSlices.js';
import { chooseSeries, findSeries, printableUid } from './chooseSeries.js';
import { describeImage, type SeriesImage } from './describeImage.js';
import { tagName } from './dictionary.js';
import { readPixels } from './frames/readPixels.js';
import { readFiles, readFolder } from './listSeries.js';
import { otherNotes } from './otherObjects.js';
import { readDicomFile } from './readDicomFile.js';
import { seriesIntensity } from './seriesIntensity.js';
import type { Slice } from './slice.js';
import { arrangeImages } from './stack/arrangeImages.js';
import { onePerPlace } from './stack/onePerPlace.js';

/**
 * DICOM. A folder is read as one of its series, chosen by `series` or by `chooseSeries`; a file as the volume of its
 * own frames.
 */
export const dicom: ImageFormat = {
  name: 'DICOM',
  extensions: ['.dcm', '.ima', '.dicom'],
  read: async (path, request) => {
    const { images, slices, notes, ...geometry } = await findStack(path, request);
    const { values, slope, intercept, notes: pixelNotes } = await readPixels(slices);
    return {
      ...geometry,
      values,
      slope,
      intercept,
      ...seriesIntensity(slices, images[0]!.modality),
      bits: slices[0].format.bitsStored,
      uid: images[0]!.series,
      ...sliceUidsOf(slices),
      ...frameOfReferenceOf(slices),
      notes: [...notes, ...slopeNotes(slices), ...lossyNotes(slices), ...pixelNotes],
    };
  },
  write: null,
};

/** The slices of a series that form its volume, in its order, with their grid. */
export interface Stack extends Omit<Arranged, 'places'> {
  readonly images: readonly SeriesImage[];
  readonly slices: readonly [Slice, ...Slice[]];
}

/**
 * Finds the slices of a folder's series or of a file that form a volume; their pixels are read only to compare copies
 * of a slice. Errors name `path`.
 * @throws NoduleTrainError `scan-missing` and `dicom-…`, as reading the volume does
 */
export const findStack = async (path: string, request: ReadRequest): Promise<Stack> => {
  const { images, notes: chosen } = (await isFolder(path))
    ? await imagesOf(path, request)
    : { images: [await onlyImage(path, request)], notes: [] };
  // A file that is given is meant, whatever its class.
  const isNamed = request.series !== undefined || images.length === 1;
  const arranged = arrangeImages(path, images, { isNamed });
  const { places, slices, notes, ...geometry } = await onePerPlace(path, arranged, request.acquisition);
  return { ...geometry, images, slices, notes: [...chosen, ...notes] };
};

const imagesOf = async (
  dir: string,
  { files, series }: ReadRequest,
): Promise<{ readonly images: readonly SeriesImage[]; readonly notes: readonly string[] }> => {
  const { images: all, others } = files === undefined ? await readFolder(dir) : await readFiles(dir, files);
  const { images, note } = chooseSeries(dir, all, series);
  return {
    images,
    notes: [
      ...(note === null ? [] : [note]),
      ...otherNotes(others.filter(({ series: uid }) => uid === images[0]?.series)),
    ],
  };
};

/** The instance UID of each slice; none for frames of one file, which share an instance. */
const sliceUidsOf = (slices: readonly Slice[]): Pick<ImageFile, 'sliceUids'> => {
  const uids = slices.flatMap(({ instance, frames }) => (instance === null || frames > 1 ? [] : [instance]));
  return uids.length === slices.length ? { sliceUids: uids } : {};
};

const slopeNotes = (slices: readonly Slice[]): readonly string[] => {
  const zero = slices.filter(({ zeroSlope }) => zeroSlope).length;
  return zero === 0
    ? []
    : [`${tagName('RescaleSlope')} is 0 in ${zero} of ${slices.length} slices, read as 1, as ITK does`];
};

const lossyNotes = (slices: readonly Slice[]): readonly string[] => {
  const lossy = slices.filter((slice) => slice.lossy);
  if (lossy.length === 0) return [];
  const now = [...new Set(lossy.flatMap(({ syntax }) => (syntax.lossy ? [syntax.name] : [])))];
  const how = now.length > 0 ? now.join(', ') : `${tagName('LossyImageCompression')} is 01`;
  return [`${lossy.length} of ${slices.length} slices were compressed lossily (${how}): their values are approximate`];
};

/** Slices of one stack have the same one, or none. */
const frameOfReferenceOf = (slices: readonly Slice[]): Pick<ImageFile, 'frameOfReferenceUid'> => {
  const frameOfReferenceUid = slices.find(({ frameOfReference }) => frameOfReference !== null)?.frameOfReference;
  return frameOfReferenceUid ? { frameOfReferenceUid } : {};
};

const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw missing(path, 'there is no such file or folder', cause);
  }
};

const onlyImage = async (path: string, { series }: ReadRequest): Promise<SeriesImage> => {
  const file = await readDicomFile(path);
  if (file === null) {
    throw new NoduleTrainError(
      'dicom-file',
      `reading ${path}: there is no "DICM" after its first 128 bytes, and no data set without a file header, ` +
        'expected a DICOM file',
    );
  }
  if (file.pixels === null) {
    const isIndex = /^dicomdir$/i.test(basename(path));
    throw missing(path, isIndex ? 'it is the index of a medium (DICOMDIR)' : 'it holds no image (PixelData)', null);
  }
  const image = describeImage(file);
  if (series !== undefined && findSeries([[image]], series).length === 0) {
    throw new NoduleTrainError(
      'dicom-series',
      `reading ${path}: it belongs to series ${image.series}, expected ${printableUid(series)}`,
    );
  }
  return image;
};

const missing = (path: string, found: string, cause: unknown): NoduleTrainError =>
  new NoduleTrainError('scan-missing', `reading ${path}: ${found}. Give a folder of DICOM files, or one of them.`, {
    cause,
  });
