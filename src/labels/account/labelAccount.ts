import type { LabelImage } from '../rules/labelRule.js';
import { LABEL_FATES, type LabelFate, type LostLabel } from './labelFate.js';
import { type LikelyCause, likelyCause } from './pointCauses.js';

/** What became of the annotations and the label image of one scan. */
export interface ScanLabels {
  /** Nodules of its ground truth. */
  readonly used: number;
  /** Of these, nodules without a labelled voxel, because too few readers agree. */
  readonly withoutAgreement: number;
  /** Content of its label image; null if its truth is not from one. */
  readonly labelImage: LabelImage | null;
  readonly lost: readonly LostLabel[];
}

export type LostCounts = Readonly<Record<Exclude<LabelFate, 'used'>, number>>;

/** What became of the annotations and label images of a data set: `annotated` is `used` and all of `lost`. */
export interface LabelAccount {
  /** Scans that were read and labelled, of `scansInAll`. */
  readonly scans: number;
  readonly scansInAll: number;
  readonly annotated: number;
  /** Those of series that are on disk. */
  readonly onDisk: number;
  readonly lost: LostCounts;
  readonly used: number;
  /** Of the used ones, how many have no labelled voxel, because too few readers agree. */
  readonly withoutAgreement: number;
  /** Label images, and how many of them hold no nodule: only values of other labels, or nothing. */
  readonly images: { readonly read: number; readonly other: number; readonly empty: number };
  /** What most points outside have in common; null if nothing. */
  readonly likelyCause: LikelyCause | null;
  /** The annotations that were not used. */
  readonly cases: readonly LostLabel[];
}

/** Fates of lost annotations, in the order of the table. */
export const LOST_FATES = (Object.keys(LABEL_FATES) as LabelFate[]).filter((fate) => fate !== 'used');

/** Largest number of cases in an event; the file has all. */
const MOST_CASES = 1000;

/** An account as an event, with its first cases; `list` is the file with all of them, null if there is none. */
export const labelsEvent = (account: LabelAccount, list: string | null) =>
  ({ type: 'labels', ...account, cases: account.cases.slice(0, MOST_CASES), list }) as const;

/** Adds up what became of the labels of scans; `notOnDisk` are the annotations of series that are not there. */
export function sumLabels(
  scans: readonly ScanLabels[],
  notOnDisk: readonly LostLabel[] = [],
  scansInAll = scans.length,
): LabelAccount {
  const cases = [...notOnDisk];
  for (const { lost } of scans) for (const one of lost) cases.push(one);
  const counts = Object.fromEntries(LOST_FATES.map((fate) => [fate, 0])) as Record<keyof LostCounts, number>;
  for (const { fate } of cases) counts[fate]++;
  const sum = (of: (scan: ScanLabels) => number) => scans.reduce((total, scan) => total + of(scan), 0);
  const images = (content: LabelImage) => sum(({ labelImage }) => (labelImage === content ? 1 : 0));
  const used = sum((scan) => scan.used);
  return {
    scans: scans.length,
    scansInAll,
    annotated: used + cases.length,
    onDisk: used + cases.length - counts['no-scan'],
    lost: counts,
    used,
    withoutAgreement: sum((scan) => scan.withoutAgreement),
    images: {
      read: sum(({ labelImage }) => (labelImage === null ? 0 : 1)),
      other: images('other'),
      empty: images('empty'),
    },
    likelyCause: likelyCause(cases.filter(({ fate }) => fate === 'outside')),
    cases,
  };
}
