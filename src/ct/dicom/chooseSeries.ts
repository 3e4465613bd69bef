import { NoduleTrainError } from '../../runtime/index.js';
import { isOfCt } from '../modality.js';
import type { SeriesImage } from './describeImage.js';
import { groupBySeries, summarizeSeries } from './listSeries.js';
import { sortImages } from './stack/sortImages.js';
import { toUid } from './tags.js';

/** Modalities of data derived from other series, which are never a scan. */
export const derivedModalities = new Set(['SEG', 'RTDOSE', 'RTIMAGE', 'RTSTRUCT', 'RTPLAN']);

/**
 * Chooses the images of the series with the UID `requested`. Without it they are those of the only series that is a
 * scan (not just localizers and secondary captures, and not a segmentation or dose), or of the only such CT series;
 * `note` says so where the folder has other series.
 * @throws NoduleTrainError `dicom-series` with a list of the series, if none or several remain; `scan-missing` if
 * the folder holds no image
 */
export const chooseSeries = (
  dir: string,
  images: readonly SeriesImage[],
  requested: string | undefined,
): { readonly images: readonly SeriesImage[]; readonly note: string | null } => {
  const all = groupBySeries(images);
  if (all.length === 0) {
    throw new NoduleTrainError(
      'scan-missing',
      `reading ${dir}: it contains no DICOM image. Give the folder of a series.`,
    );
  }
  const refuse = (found: string): never => {
    throw new NoduleTrainError(
      'dicom-series',
      `reading ${dir}: ${found}. It holds ${all.map(describeSeries).join('; ')}.`,
    );
  };
  if (requested !== undefined) {
    const named = findSeries(all, requested);
    if (named.length === 1) return { images: named[0]!, note: null };
    return refuse(
      named.length === 0
        ? `it has no series ${printableUid(requested)}`
        : `${named.length} of its series have the number ${requested}. Choose one by its UID (series)`,
    );
  }
  const possible = all.filter(isScan);
  const ofSlices = possible.filter((series) => !sortImages(series).ofCaptures);
  const scans = ofSlices.length > 0 ? ofSlices : possible;
  const ofCt = scans.filter(([first]) => isOfCt(first!.modality, first!.sopClass));
  const [only] = scans.length === 1 ? scans : ofCt.length === 1 ? ofCt : [];
  if (only === undefined) {
    // A folder of colour images alone says why they are not read.
    if (all.length === 1 && all[0]!.every(({ kind }) => kind === 'colour image'))
      return { images: all[0]!, note: null };
    const found = scans.length === 0 ? 'none of its series is a scan' : `${scans.length} of its series are scans`;
    return refuse(`${found}. Choose one by its UID (series)`);
  }
  const why = scans.length === 1 ? 'that is a scan' : 'of CT';
  return {
    images: only,
    note: all.length === 1 ? null : `of ${all.length} series, reading the only one ${why}, ${only[0]?.series}`,
  };
};

/** Whether a series may be a scan: it has slices, and is not derived from another series. */
export const isScan = (images: readonly SeriesImage[]): boolean =>
  sortImages(images).stack.length > 0 && !derivedModalities.has(images[0]?.modality ?? '');

/** Finds the series with the UID `requested`, or else those with that SeriesNumber. */
export const findSeries = (
  all: readonly (readonly SeriesImage[])[],
  requested: string,
): readonly (readonly SeriesImage[])[] => {
  const uid = toUid(requested.trim());
  const named = all.filter(([first]) => first?.series === uid);
  if (named.length > 0 || !/^\d{1,9}$/.test(requested.trim())) return named;
  return all.filter(([first]) => first?.seriesNumber === Number(requested));
};

export const printableUid = (uid: string): string => (/^[\d.]{1,64}$/.test(uid) ? uid : 'of that name');

const describeSeries = (images: readonly SeriesImage[]): string => {
  const { uid, modality, slices, leftOut, rows, columns } = summarizeSeries(images);
  const others = leftOut === 0 ? '' : ` and ${leftOut} localizers or secondary captures`;
  const number = images[0]?.seriesNumber ?? null;
  return `${uid} (${modality ?? 'unknown modality'}, ${slices} slices of ${columns} x ${rows}${others}${number === null ? '' : `, number ${number}`})`;
};
