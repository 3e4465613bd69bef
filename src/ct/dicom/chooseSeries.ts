import { NoduleTrainError } from '../../runtime/index.js';
import { groupBySeries, type SeriesImage, summarizeSeries } from './listSeries.js';

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
    const series = all.find(([first]) => first?.series === requested);
    return { images: series ?? refuse(`it has no series ${printableUid(requested)}`), note: null };
  }
  const scans = all.filter(
    (series) => series.some(({ kind }) => kind === 'slice') && !derivedModalities.has(series[0]?.modality ?? ''),
  );
  const ofCt = scans.filter(([first]) => first?.modality === 'CT');
  const [only] = scans.length === 1 ? scans : ofCt.length === 1 ? ofCt : [];
  if (only === undefined) {
    const found = scans.length === 0 ? 'none of its series is a scan' : `${scans.length} of its series are scans`;
    return refuse(`${found}. Choose one by its UID (series)`);
  }
  const why = scans.length === 1 ? 'that is a scan' : 'of CT';
  return {
    images: only,
    note: all.length === 1 ? null : `of ${all.length} series, reading the only one ${why}, ${only[0]?.series}`,
  };
};

export const printableUid = (uid: string): string => (/^[\d.]{1,64}$/.test(uid) ? uid : 'of that name');

const describeSeries = (images: readonly SeriesImage[]): string => {
  const { uid, modality, slices, leftOut, rows, columns } = summarizeSeries(images);
  const others = leftOut === 0 ? '' : ` and ${leftOut} localizers or secondary captures`;
  return `${uid} (${modality ?? 'unknown modality'}, ${slices} slices of ${columns} x ${rows}${others})`;
};
