import { stat } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';
import type { ImageFile, ImageFormat, ReadRequest } from '../imageFile/imageFile.js';
import { arrangeSlices } from './arrangeSlices.js';
import { chooseSeries } from './chooseSeries.js';
import { dropCopies } from './dropCopies.js';
import { readPixels } from './frames/readPixels.js';
import { imageOf, imagesOf, type SeriesImage } from './listSeries.js';
import { readDicomFile } from './readDicomFile.js';
import type { Slice } from './slice.js';

/** DICOM: a folder is one series of it, chosen by `series` or as `chooseSeries` says; a file is the volume of its own frames. */
export const dicom: ImageFormat = {
  name: 'DICOM',
  extensions: ['.dcm', '.ima', '.dicom'],
  read: async (path, request) => {
    const { images, note } = (await isFolder(path))
      ? chooseSeries(path, await imagesOf(path), request.series)
      : { images: [await onlyImage(path, request)], note: null };
    return readSeries(path, images, note === null ? [] : [note]);
  },
  write: null,
};

/** The slices of one series as a volume; `path` is what errors name. */
const readSeries = async (
  path: string,
  images: readonly SeriesImage[],
  notes: readonly string[],
): Promise<ImageFile> => {
  const { slices, leftOut } = slicesOf(path, images);
  const { places, notes: stackNotes, ...geometry } = arrangeSlices(path, slices);
  const kept = await dropCopies(path, places);
  const { values, slope, intercept, notes: pixelNotes } = await readPixels(kept.slices);
  const hu = slices.every((slice) => slice.hu);
  const unknown = !hu && images[0]?.modality === 'CT' ? [notHu] : [];
  return {
    ...geometry,
    ...{ values, slope, intercept, intensity: hu ? 'hu' : 'arbitrary', uid: images[0]!.series },
    ...sliceUidsOf(kept.slices),
    notes: [...notes, ...leftOut, ...stackNotes, ...kept.notes, ...pixelNotes, ...unknown],
  };
};

/** The frames of one file are no instances of their own. */
const sliceUidsOf = (slices: readonly Slice[]): Pick<ImageFile, 'sliceUids'> => {
  const uids = slices.flatMap(({ instance, frames }) => (instance === null || frames > 1 ? [] : [instance]));
  return uids.length === slices.length ? { sliceUids: uids } : {};
};

const notHu =
  "the modality is CT, but RescaleSlope and RescaleIntercept are missing or RescaleType is not HU, so the values are taken for 'arbitrary'; say it with intensity";

/** What belongs to the volume. Throws the fault of an image that does, and 'dicom-series' where none does. */
const slicesOf = (
  path: string,
  images: readonly SeriesImage[],
): { readonly slices: readonly [Slice, ...Slice[]]; readonly leftOut: readonly string[] } => {
  const wanted = images.filter(({ kind }) => kind === 'slice');
  const count = (kind: SeriesImage['kind']): number => images.filter((image) => image.kind === kind).length;
  const [localizers, captures] = [count('localizer'), count('secondary capture')];
  for (const { fault } of wanted) if (fault !== null) throw fault;
  const [first, ...rest] = wanted.flatMap(({ slices }) => slices);
  if (first === undefined) {
    throw new NoduleTrainError(
      'dicom-series',
      `reading ${path}: it holds ${localizers} localizers and ${captures} secondary captures; wanted are slices of a scan: choose another series`,
    );
  }
  const leftOut = [
    ...(localizers === 0 ? [] : [`${localizers} localizers (ImageType) of the series are left out`]),
    ...(captures === 0 ? [] : [`${captures} secondary captures (SOPClassUID) of the series are left out`]),
  ];
  return { slices: [first, ...rest], leftOut };
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
      `reading ${path}: "DICM" does not stand after its first 128 bytes, nor is it a data set without a file header; wanted is a DICOM file`,
    );
  }
  if (file.pixels === null) throw missing(path, 'the file holds no image (PixelData)', null);
  const image = imageOf(file);
  if (series !== undefined && series !== image.series) {
    throw new NoduleTrainError(
      'dicom-series',
      `reading ${path}: it is of series ${image.series}, not of the one asked for`,
    );
  }
  return image;
};

const missing = (path: string, found: string, cause: unknown): NoduleTrainError =>
  new NoduleTrainError('scan-missing', `reading ${path}: ${found}; give a folder of DICOM files, or one of them`, {
    cause,
  });
