import { NoduleTrainError } from '../../runtime/index.js';
import { bySeries, type SeriesImage, summary } from './listSeries.js';

/** Made from other series, never a scan of their own. */
const derived = new Set(['SEG', 'RTDOSE', 'RTIMAGE', 'RTSTRUCT', 'RTPLAN']);

/**
 * The images of the series with this UID. Without one: of the only series that is a scan (neither all localizers and secondary captures, nor
 * a segmentation or dose), or of the only such series of CT; `note` says so where there are others.
 * Throws 'dicom-series', which lists them, where that leaves none or several, and 'scan-missing' where the folder holds no image.
 */
export const chooseSeries = (
  dir: string,
  images: readonly SeriesImage[],
  wanted: string | undefined,
): { readonly images: readonly SeriesImage[]; readonly note: string | null } => {
  const all = bySeries(images);
  if (all.length === 0) {
    throw new NoduleTrainError(
      'scan-missing',
      `reading ${dir}: there is no DICOM image in it; give the folder of a series`,
    );
  }
  const refuse = (found: string): never => {
    throw new NoduleTrainError('dicom-series', `reading ${dir}: ${found}; it holds ${all.map(described).join('; ')}`);
  };
  if (wanted !== undefined) {
    const series = all.find(([first]) => first?.series === wanted);
    return { images: series ?? refuse(`no series is ${shownUid(wanted)}; give the UID of one of them`), note: null };
  }
  const scans = all.filter(
    (series) => series.some(({ kind }) => kind === 'slice') && !derived.has(series[0]?.modality ?? ''),
  );
  const ofCt = scans.filter(([first]) => first?.modality === 'CT');
  const [only] = scans.length === 1 ? scans : ofCt.length === 1 ? ofCt : [];
  if (only === undefined) {
    const found = scans.length === 0 ? 'none of its series is a scan' : `${scans.length} of its series are scans`;
    return refuse(`${found}; choose one by its UID (series)`);
  }
  const why = scans.length === 1 ? 'that is a scan' : 'of CT';
  return {
    images: only,
    note: all.length === 1 ? null : `of ${all.length} series the only one ${why} is read, ${only[0]?.series}`,
  };
};

const shownUid = (uid: string): string => (/^[\d.]{1,64}$/.test(uid) ? uid : 'of that name');

const described = (images: readonly SeriesImage[]): string => {
  const { uid, modality, slices, leftOut, rows, columns } = summary(images);
  const others = leftOut === 0 ? '' : ` and ${leftOut} localizers or secondary captures`;
  return `${uid} (${modality ?? 'unknown modality'}, ${slices} slices of ${columns} x ${rows}${others})`;
};
