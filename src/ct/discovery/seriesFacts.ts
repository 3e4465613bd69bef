import { NoduleTrainError } from '../../runtime/index.js';
import { arrangeSlices } from '../dicom/arrangeSlices.js';
import type { SeriesImage } from '../dicom/listSeries.js';
import type { Slice } from '../dicom/slice.js';
import { cross, length } from '../grid/matrix3.js';

/** What the choice of a series depends on, from the headers alone. */
export interface SeriesFacts {
  readonly uid: string;
  readonly study: string | null;
  readonly files: readonly string[];
  /** Why it is never taken for the scan of its study, such as "scout"; null where it may be. */
  readonly unsuitable: string | null;
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

/** Classes of CT images (PS3.4 table B.5-1), for files whose modality is missing. */
const ctClasses = new Set(['1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.2.1', '1.2.840.10008.5.1.4.1.1.2.2']);

/** Words of ImageType for images that no longer show single slices, or were cut again from a volume. */
const reformats = new Set(
  'MIP MINIP MPR CPR MAXIMUM MINIMUM PROJECTION REFORMATTED REFORMAT VRT SSD SUBTRACTION MASKED'.split(' '),
);

/** Largest angle between the slices' normal and the patient's long axis; gantries tilt by up to 30 degrees. */
const mostTilt = 35;

const objectNames: Record<string, string> = {
  SEG: 'segmentation (SEG)',
  SR: 'structured report (SR)',
  PR: 'presentation state (PR)',
  KO: 'key object selection (KO)',
  RTSTRUCT: 'structure set (RTSTRUCT)',
  RTDOSE: 'dose (RTDOSE)',
  RTPLAN: 'treatment plan (RTPLAN)',
};

/** Describes an object or series by its modality, where that is not a scan; null where it is. */
export const describeModality = (modality: string | null): string | null =>
  modality === 'CT' ? null : (objectNames[modality ?? ''] ?? `modality ${modality ?? 'unknown'}, expected CT`);

/** Collects the facts about the images of one series; errors name `dir`. */
export const seriesFacts = (dir: string, images: readonly SeriesImage[]): SeriesFacts => {
  const [first] = images as readonly [SeriesImage, ...SeriesImage[]];
  const kept = images.filter(({ kind }) => kind === 'slice');
  const slices = kept.flatMap((image) => image.slices);
  return {
    uid: first.series,
    study: first.study,
    files: images.map(({ path }) => path),
    unsuitable: whyUnsuitable(images, kept, slices),
    hu: slices.every(({ hu }) => hu),
    original: !kept.some(({ imageType: [origin] }) => origin === 'DERIVED'),
    ...stackFacts(dir, kept, slices),
  };
};

const whyUnsuitable = (
  images: readonly SeriesImage[],
  kept: readonly SeriesImage[],
  slices: readonly Slice[],
): string | null => {
  const [first] = images as readonly [SeriesImage, ...SeriesImage[]];
  const isCt = first.modality === 'CT' || (first.modality === null && ctClasses.has(first.sopClass ?? ''));
  if (!isCt && kept.length > 0) return describeModality(first.modality);
  if (kept.length === 0)
    return images.some(({ kind }) => kind === 'localizer') ? 'scout (localizer)' : 'secondary capture';
  const word = kept
    .flatMap(({ imageType }) => imageType.flatMap((value) => value.split(/[\s_]/)))
    .find((one) => reformats.has(one));
  if (word !== undefined) return `reformat or projection (ImageType ${word})`;
  const tilted = slices.filter((slice) => tiltOf(slice) > mostTilt);
  if (tilted.length === 0) return null;
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
  kept: readonly SeriesImage[],
  slices: readonly Slice[],
): Pick<SeriesFacts, 'fault' | 'even' | 'slices' | 'distance' | 'extent'> => {
  const broken = (fault: string) => ({ fault, even: true, slices: slices.length, distance: null, extent: null });
  const damaged = kept.find(({ fault }) => fault !== null)?.fault;
  if (damaged) return broken(withoutStart(damaged));
  const [first, ...rest] = slices;
  if (first === undefined) return broken('it has no slice');
  try {
    const { spacing, shape, places, slicePositions } = arrangeSlices(dir, [first, ...rest]);
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
