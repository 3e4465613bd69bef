import type { SeriesFacts } from './seriesFacts.js';

/** The series of one study that is taken as its scan, and why each of the others is not. */
export interface StudyChoice {
  readonly chosen: SeriesFacts | null;
  readonly notes: readonly string[];
  readonly skipped: readonly { readonly series: SeriesFacts; readonly reason: string }[];
}

/** A volume below these sizes does not show a chest: bolus tracking, a targeted reconstruction, a test scan. */
const leastSlices = 10;
const leastLengthMm = 100;
const leastWidthMm = 200;

/** Distances of slices that differ by less are the same. */
const sameDistanceMm = 0.05;

interface Preference {
  /** Higher is better. */
  readonly rank: (series: SeriesFacts) => number;
  /** Why a series of lower rank than `chosen` is skipped. */
  readonly reason: (series: SeriesFacts, chosen: SeriesFacts) => string;
}

const mm = (value: number): string => `${Number(value.toFixed(2))} mm`;

const showsChest = ({ slices, extent }: SeriesFacts): boolean =>
  extent !== null &&
  slices >= leastSlices &&
  extent[2] >= leastLengthMm &&
  Math.min(extent[0], extent[1]) >= leastWidthMm;

const sizeOf = ({ slices, extent }: SeriesFacts): string =>
  `${slices} slices of ${mm(extent![0])} x ${mm(extent![1])} over ${mm(extent![2])}`;

/** The rule, in order: the first line in which two series differ decides. */
const preferences: readonly Preference[] = [
  { rank: ({ fault }) => Number(fault === null), reason: ({ fault }) => fault ?? '' },
  { rank: ({ even }) => Number(even), reason: () => 'its slices are unevenly spaced, so one may be missing' },
  { rank: ({ hu }) => Number(hu), reason: () => 'its values are not Hounsfield units' },
  { rank: ({ original }) => Number(original), reason: () => 'computed from other images (ImageType DERIVED)' },
  { rank: (series) => Number(showsChest(series)), reason: (series) => `too small for a chest (${sizeOf(series)})` },
  {
    rank: ({ distance }) => -Math.round((distance ?? 0) / sameDistanceMm),
    reason: ({ distance }, chosen) => `${mm(distance!)} between slices, the chosen series has ${mm(chosen.distance!)}`,
  },
  {
    rank: ({ slices }) => slices,
    reason: ({ slices }, chosen) => `${slices} slices as thin as the ${chosen.slices} of the chosen series`,
  },
];

/** Chooses the thin axial CT among the series of one study; docs/reference/scans.md has the rule. */
export const chooseScan = (study: readonly SeriesFacts[]): StudyChoice => {
  const possible = study.filter(({ unsuitable }) => unsuitable === null);
  const ofSlices = possible.filter(({ ofCaptures }) => !ofCaptures);
  const suitable = ofSlices.length > 0 ? ofSlices : possible;
  const [chosen = null, ...others] = [...suitable].sort(compare);
  const skipped = study
    .filter((series) => !suitable.includes(series))
    .map((series) => ({ series, reason: series.unsuitable ?? 'secondary capture' }));
  if (chosen === null) return { chosen, notes: [], skipped };
  const reasons = others.map((series) => ({ series, reason: `${whyWorse(series, chosen)} (${chosen.uid})` }));
  return { chosen, notes: study.length === 1 ? [] : notesOf(chosen), skipped: [...skipped, ...reasons] };
};

const compare = (a: SeriesFacts, b: SeriesFacts): number => {
  const deciding = preferences.find(({ rank }) => rank(a) !== rank(b));
  if (deciding !== undefined) return deciding.rank(b) - deciding.rank(a);
  return a.uid < b.uid ? -1 : 1;
};

const whyWorse = (series: SeriesFacts, chosen: SeriesFacts): string =>
  preferences.find(({ rank }) => rank(series) !== rank(chosen))?.reason(series, chosen) ??
  'the same in every respect as the chosen series, whose UID comes first';

/** What is unusual about the series that was chosen among several. */
const notesOf = (chosen: SeriesFacts): string[] => [
  ...(chosen.original ? [] : ['the series was computed from other images (ImageType DERIVED); none is original']),
  ...(chosen.extent === null || showsChest(chosen)
    ? []
    : [`no series of the study is large enough for a chest; this one has ${sizeOf(chosen)}`]),
];
