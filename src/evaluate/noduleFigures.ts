import { SIZE_CLASS_NAMES, sizeClassOfDiameter } from '../data/index.js';
import type { NoduleTexture } from '../model/index.js';
import { type Cell, csvText } from '../runtime/index.js';
import { bootstrapIntervals, type Interval, type IntervalOptions, type NoduleMetrics } from '../score/index.js';

/** A true nodule with everything that was measured about it and its prediction. */
export interface EvaluatedNodule extends NoduleMetrics {
  uid: string;
  patient: string;
  /** Its number in the scan, in the order of the annotations, from 1. */
  nodule: number;
  /** [slice, row, column] */
  centerIndex: readonly [number, number, number];
  /** Annotated, else that of a ball of its volume; in voxels where the spacing is unknown. */
  diameterMm: number;
  sizeClass: string;
  /** Of its true voxels, by the rule of docs/reference/nodules.md; null without agreement or HU. */
  texture: NoduleTexture | null;
  /** True voxels; 0 without agreement. */
  voxels: number;
  found: boolean;
  /** Place of its best-scored candidate among all candidates of the scan, from 1; null if none hits it. */
  rank: number | null;
  /** The same by size. */
  rankBySize: number | null;
  /** Number of candidates in its scan. */
  candidates: number;
  dice: number;
}

/** Figures that are averaged over nodules with agreement; an `abs…` is the mean of absolute errors. */
const AVERAGED = {
  dice: ({ dice }) => dice,
  iou: ({ iou }) => iou,
  surfaceDice1mm: ({ surfaceDice1mm }) => surfaceDice1mm,
  hd95Mm: ({ hd95Mm }) => hd95Mm,
  // Where nothing is predicted, HD95 is the diagonal of the image, which outweighs everything else in a mean.
  hd95PredictedMm: ({ hd95Mm, longAxisErrorMm }) => (longAxisErrorMm === null ? null : hd95Mm),
  volumeErrorShare: ({ volumeErrorShare }) => volumeErrorShare,
  absVolumeErrorShare: ({ volumeErrorShare }) => absolute(volumeErrorShare),
  longAxisErrorMm: ({ longAxisErrorMm }) => longAxisErrorMm,
  absLongAxisErrorMm: ({ longAxisErrorMm }) => absolute(longAxisErrorMm),
  shortAxisErrorMm: ({ shortAxisErrorMm }) => shortAxisErrorMm,
  absShortAxisErrorMm: ({ shortAxisErrorMm }) => absolute(shortAxisErrorMm),
} satisfies Record<string, (nodule: EvaluatedNodule) => number | null>;

const absolute = (value: number | null) => (value === null ? null : Math.abs(value));

export type AveragedName = keyof typeof AVERAGED;

/** Mean with its 95 % interval by bootstrap over patients; null if there is nothing to average. */
export interface MeanFigure {
  mean: number | null;
  interval: Interval | null;
}

/** Figures over a group of nodules with agreement. */
export interface NoduleGroup {
  nodules: number;
  found: number;
  /** found / nodules. */
  sensitivity: MeanFigure;
  means: Record<AveragedName, MeanFigure>;
}

export interface NoduleFigures extends NoduleGroup {
  /** Largest rank of the nodules that a candidate hits, and how many none hits. */
  worstRank: number | null;
  medianRank: number | null;
  withoutCandidate: number;
  bySize: ({ name: string } & NoduleGroup)[];
  byTexture: ({ name: NoduleTexture } & NoduleGroup)[];
}

export const sizeClassName = (diameterMm: number): string => SIZE_CLASS_NAMES[sizeClassOfDiameter(diameterMm)]!;

const TEXTURES: readonly NoduleTexture[] = ['solid', 'part-solid', 'non-solid'];

/** Averages the figures of nodules, over all of them and by size class and texture of the truth. */
export function noduleFigures(all: readonly EvaluatedNodule[], options: IntervalOptions = {}): NoduleFigures {
  const agreed = all.filter(({ voxels }) => voxels > 0);
  const ranks = agreed.flatMap(({ rank }) => rank ?? []).sort((a, b) => a - b);
  return {
    ...groupFigures(agreed, options),
    worstRank: ranks.at(-1) ?? null,
    medianRank: ranks.length === 0 ? null : (ranks[(ranks.length - 1) >> 1]! + ranks[ranks.length >> 1]!) / 2,
    withoutCandidate: agreed.length - ranks.length,
    bySize: SIZE_CLASS_NAMES.map((name) => ({
      name,
      ...groupFigures(
        agreed.filter(({ sizeClass }) => sizeClass === name),
        options,
      ),
    })),
    byTexture: TEXTURES.map((name) => ({
      name,
      ...groupFigures(
        agreed.filter(({ texture }) => texture === name),
        options,
      ),
    })),
  };
}

function groupFigures(nodules: readonly EvaluatedNodule[], options: IntervalOptions): NoduleGroup {
  const names = Object.keys(AVERAGED) as AveragedName[];
  const measures = [({ found }: EvaluatedNodule) => Number(found), ...names.map((name) => AVERAGED[name])];
  // Sums and counts of each patient, so that a resample adds a few numbers and not every nodule again.
  const byPatient = new Map<string, { sums: number[]; counts: number[] }>();
  for (const nodule of nodules) {
    const own = byPatient.get(nodule.patient) ?? { sums: measures.map(() => 0), counts: measures.map(() => 0) };
    byPatient.set(nodule.patient, own);
    for (const [n, measure] of measures.entries()) {
      const value = measure(nodule);
      if (value === null) continue;
      own.sums[n]! += value;
      own.counts[n]! += 1;
    }
  }
  const patients = [...byPatient.values()];
  const mean = (sample: readonly (typeof patients)[number][], n: number) => {
    let [sum, count] = [0, 0];
    for (const { sums, counts } of sample) {
      sum += sums[n]!;
      count += counts[n]!;
    }
    return count === 0 ? null : sum / count;
  };
  const all = ['sensitivity', ...names] as const;
  const means = (sample: readonly (typeof patients)[number][]) =>
    Object.fromEntries(all.map((name, n) => [name, mean(sample, n)])) as Record<(typeof all)[number], number | null>;
  const values = means(patients);
  const intervals = bootstrapIntervals(patients, means, options);
  const figure = (name: (typeof all)[number]): MeanFigure => ({ mean: values[name], interval: intervals[name] });
  return {
    nodules: nodules.length,
    found: nodules.filter(({ found }) => found).length,
    sensitivity: figure('sensitivity'),
    means: Object.fromEntries(names.map((name) => [name, figure(name)])) as Record<AveragedName, MeanFigure>,
  };
}

const COLUMNS = [
  ...['uid', 'patient', 'nodule', 'diameterMm', 'sizeClass', 'texture', 'voxels', 'found', 'rank', 'rankBySize'],
  ...['candidates', 'dice', 'iou', 'surfaceDice1mm', 'hd95Mm', 'volumeErrorMm3', 'volumeErrorShare'],
  ...['longAxisErrorMm', 'shortAxisErrorMm'],
] as (keyof EvaluatedNodule)[];

/** Formats nodules as CSV: one line each after a header; what is null is empty. */
export function nodulesCsv(nodules: readonly EvaluatedNodule[]): string {
  return csvText(
    COLUMNS,
    nodules.map((nodule) => COLUMNS.map((name) => nodule[name] as Cell)),
  );
}
