import { NoduleTrainError } from '../../runtime/index.js';
import type { SeriesImage } from '../dicom/describeImage.js';
import { objectName } from '../dicom/otherObjects.js';
import type { Slice } from '../dicom/slice.js';
import { arrangeImages } from '../dicom/stack/arrangeImages.js';
import { type Sorting, sortImages } from '../dicom/stack/sortImages.js';
import { cross, length } from '../grid/matrix3.js';
import { isOfCt } from '../modality.js';

/** What the choice of a series depends on, from the headers alone. */
export interface SeriesFacts {
  readonly uid: string;
  readonly study: string | null;
  readonly files: readonly string[];
  /** Why it is never taken for the scan of its study, such as "scout"; null where it may be. */
  readonly unsuitable: string | null;
  /** Whether its images are secondary captures with positions; other series are preferred. */
  readonly ofCaptures: boolean;
  /** Why its slices do not form a volume; null where they do. */
  readonly fault: string | null;
  /** Whether its slices are evenly spaced. */
  readonly even: boolean;
  /** Whether its values are Hounsfield units. */
  readonly hu: boolean;
  /** Whether no image says that it was computed from others (ImageType DERIVED). */
  readonly original: boolean;
  readonly slices: number;
  /** Distance between slices, mm; null where they do not form a volume. */
  readonly distance: number | null;
  /** Extents along columns, rows and slices, mm; null where they do not form a volume. */
  readonly extent: readonly [number, number, number] | null;
}

/** Words of ImageType for images that no longer show single slices, or were cut again from a volume. */
const reformats = new Set(
  'MIP MINIP MPR CPR MAXIMUM MINIMUM PROJECTION REFORMATTED REFORMAT VRT SSD SUBTRACTION MASKED'.split(' '),
);

/** Largest angle between the slices' normal and the patient's long axis; gantries tilt by up to 30 degrees. */
const mostTilt = 35;

/** Describes an object or series by its modality, where that is not a scan; null where it is. */
export const describeModality = (modality: string | null): string | null =>
  modality === 'CT' ? null : (objectName(modality) ?? `modality ${modality ?? 'unknown'}, expected CT`);

/** Collects the facts about the images of one series; errors name `dir`. */
export const seriesFacts = (dir: string, images: readonly SeriesImage[], sorting: Sorting = {}): SeriesFacts => {
  const [first] = images as readonly [SeriesImage, ...SeriesImage[]];
  const { stack: kept, ofCaptures } = sortImages(images, sorting);
  const slices = kept.flatMap((image) => image.slices);
  return {
    uid: first.series,
    study: first.study,
    files: images.map(({ path }) => path),
    ofCaptures,
    unsuitable: whyUnsuitable(images, kept, slices),
    hu: slices.every(({ hu }) => hu),
    original: !kept.some(({ imageType: [origin] }) => origin === 'DERIVED'),
    ...stackFacts(dir, images, sorting, slices.length),
  };
};

const whyUnsuitable = (
  images: readonly SeriesImage[],
  kept: readonly SeriesImage[],
  slices: readonly Slice[],
): string | null => {
  const [first] = images as readonly [SeriesImage, ...SeriesImage[]];
  const isCt = isOfCt(first.modality, first.sopClass);
  if (!isCt && kept.length > 0) return describeModality(first.modality);
  if (kept.length === 0)
    return images.some(({ kind }) => kind === 'localizer') ? 'scout (localizer)' : 'secondary capture';
  const word = kept
    .flatMap(({ imageType }) => imageType.flatMap((value) => value.split(/[\s_]/)))
    .find((one) => reformats.has(one));
  if (word !== undefined) return `reformat or projection (ImageType ${word})`;
  const tilted = slices.filter((slice) => tiltOf(slice) > mostTilt);
  // A few are strays, such as a scout, which the stack does without.
  if (tilted.length * 2 <= slices.length) return null;
  const angle = Math.round(Math.max(...tilted.map(tiltOf)));
  return `not axial (slices are turned by ${angle} degrees, expected at most ${mostTilt})`;
};

/** Angle between the normal of a slice and the patient's long axis, degrees. */
const tiltOf = ({ rowAxis, columnAxis }: Slice): number => {
  const normal = cross(rowAxis, columnAxis);
  return (Math.acos(Math.min(1, Math.abs(normal[2]) / length(normal))) * 180) / Math.PI;
};

const stackFacts = (
  dir: string,
  images: readonly SeriesImage[],
  sorting: Sorting,
  slices: number,
): Pick<SeriesFacts, 'fault' | 'even' | 'slices' | 'distance' | 'extent'> => {
  const broken = (fault: string) => ({ fault, even: true, slices, distance: null, extent: null });
  if (slices === 0 && sortImages(images, sorting).stack.length === 0) return broken('it has no slice');
  try {
    const { spacing, shape, places, slicePositions } = arrangeImages(dir, images, sorting);
    const [x, y, z] = spacing!;
    const extent = [x * shape[2], y * shape[1], z * shape[0]] as const;
    const doubled = places.filter(differs).length;
    const fault = doubled === 0 ? null : `${doubled} positions have several slices, as of several phases`;
    return { fault, even: slicePositions === undefined, slices: places.length, distance: z, extent };
  } catch (fault) {
    if (!(fault instanceof NoduleTrainError)) throw fault;
    return broken(withoutStart(fault));
  }
};

/** Whether the slices at one position are different images; copies of a file have the same UID. */
const differs = (place: readonly Slice[]): boolean =>
  new Set(place.map(({ instance, frame, path }) => `${instance ?? path} ${frame}`)).size > 1;

/** The message without "reading …:", as the list of skipped series names the folder already. */
export const withoutStart = ({ message }: NoduleTrainError): string =>
  message.replace(/^reading (?:.*?, file ([^:]*)|[^:]*): /, (_, file) => (file === undefined ? '' : `${file}: `));
