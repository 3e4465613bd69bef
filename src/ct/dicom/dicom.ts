import { stat } from 'node:fs/promises';
import { NoduleTrainError } from '../../runtime/index.js';
import type { ImageFile, ImageFormat, ReadRequest } from '../imageFile/imageFile.js';
import { type Arranged, arrangeSlices } from './arrangeSlices.js';
import { chooseSeries, printableUid } from './chooseSeries.js';
import { tagName } from './dictionary.js';
import { dropCopies } from './dropCopies.js';
import { readPixels } from './frames/readPixels.js';
import { describeImage, readImageFiles, readImages, type SeriesImage } from './listSeries.js';
import { readDicomFile } from './readDicomFile.js';
import { seriesIntensity } from './seriesIntensity.js';
import type { Slice } from './slice.js';

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
      notes: [...notes, ...slopeNotes(slices), ...pixelNotes],
    };
  },
  write: null,
};

const imagesOf = (dir: string, { files }: ReadRequest): Promise<SeriesImage[]> =>
  files === undefined ? readImages(dir) : readImageFiles(dir, files);

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
  const { images, note } = (await isFolder(path))
    ? chooseSeries(path, await imagesOf(path, request), request.series)
    : { images: [await onlyImage(path, request)], note: null };
  const { slices: selected, skipped } = selectSlices(path, images);
  const { places, notes, ...geometry } = arrangeSlices(path, selected);
  const { slices, notes: copyNotes } = await dropCopies(path, places);
  const chosen = note === null ? [] : [note];
  return { ...geometry, images, slices, notes: [...chosen, ...skipped, ...notes, ...copyNotes] };
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

/** Slices of one stack have the same one, or none. */
const frameOfReferenceOf = (slices: readonly Slice[]): Pick<ImageFile, 'frameOfReferenceUid'> => {
  const frameOfReferenceUid = slices.find(({ frameOfReference }) => frameOfReference !== null)?.frameOfReference;
  return frameOfReferenceUid ? { frameOfReferenceUid } : {};
};

/**
 * Selects the slices that belong to the volume.
 * @throws NoduleTrainError the fault of an image that belongs to it; `dicom-series` if none does
 */
const selectSlices = (
  path: string,
  images: readonly SeriesImage[],
): { readonly slices: readonly [Slice, ...Slice[]]; readonly skipped: readonly string[] } => {
  const selected = images.filter(({ kind }) => kind === 'slice');
  const count = (kind: SeriesImage['kind']): number => images.filter((image) => image.kind === kind).length;
  const [localizers, captures] = [count('localizer'), count('secondary capture')];
  for (const { fault } of selected) if (fault !== null) throw fault;
  const [first, ...rest] = selected.flatMap(({ slices }) => slices);
  if (first === undefined) {
    throw new NoduleTrainError(
      'dicom-series',
      `reading ${path}: found only localizers (${localizers}) and secondary captures (${captures}), expected slices ` +
        'of a scan. Choose another series.',
    );
  }
  const skipped = [
    ...(localizers === 0 ? [] : [`skipping ${localizers} localizers (ImageType) of the series`]),
    ...(captures === 0 ? [] : [`skipping ${captures} secondary captures (SOPClassUID) of the series`]),
  ];
  return { slices: [first, ...rest], skipped };
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
  if (file.pixels === null) throw missing(path, 'it holds no image (PixelData)', null);
  const image = describeImage(file);
  if (series !== undefined && series !== image.series) {
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
