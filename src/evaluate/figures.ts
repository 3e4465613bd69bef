import {
  bootstrapIntervals,
  type Interval,
  type NoduleInterval,
  noduleScores,
  type ScanScore,
} from '../score/index.js';

/** Which nodules of a scan are found, in their order, and how many components are false. */
export interface Hits {
  nodules: readonly { found: boolean }[];
  falseComponents: number;
}

/** One scan's result beside that of the rule without learning. */
export interface ScoredScan {
  uid: string;
  patient: string;
  model: ScanScore;
  /** Null where the rule does not apply, as its cuts are in HU. */
  baseline: Hits | null;
}

/** A rule's hits; `found` and `sensitivity` are of the nodules with agreement. */
export interface FoundFigures {
  found: number;
  /** found / nodules with agreement; null without any. */
  sensitivity: number | null;
  falsePerScan: number;
}

/** The object of `evaluate` and of score.json; docs/reference/figures.md defines each. */
export interface Figures extends FoundFigures {
  scans: number;
  patients: number;
  /** All, those without agreement too. */
  nodules: number;
  dice3d: { mean: number | null; median: number | null; pooled: number | null };
  missed: number;
  missedShare: number | null;
  withoutAgreement: number;
  leftEmpty: number;
  leftEmptyShare: number | null;
  joint: number | null;
  jointOfEmpty: number | null;
  /** What the best checkpoint of a run is chosen by, see `selectionScore`. */
  quality: number | null;
  /** Null where it does not apply to some of the scans. */
  baseline: FoundFigures | null;
  /** 95 %, bootstrap over patients; null where it cannot be computed. */
  intervals: Record<IntervalName, Interval | null>;
}

export type IntervalName = NoduleInterval | 'baselineSensitivity' | 'baselineFalsePerScan' | 'sensitivityOverBaseline';

/** All figures over scored scans, with intervals that draw whole patients anew. */
export function figuresOf(scans: readonly ScoredScan[], { seed = 1, resamples = 2000 } = {}): Figures {
  const { nodules, dice3d, dice3dMedian, dice3dPooled, ...rest } = noduleScores(scans.map(({ model }) => model));
  const patients = new Map<string, ScoredScan[]>();
  for (const scan of scans) {
    const known = patients.get(scan.patient);
    if (known) known.push(scan);
    else patients.set(scan.patient, [scan]);
  }
  return {
    scans: scans.length,
    patients: patients.size,
    ...rest,
    nodules: nodules + rest.withoutAgreement,
    dice3d: { mean: dice3d, median: dice3dMedian, pooled: dice3dPooled },
    baseline: baselineFigures(scans),
    intervals: bootstrapIntervals([...patients.values()], (drawn) => statistics(drawn.flat()), { seed, resamples }),
  };
}

function statistics(scans: readonly ScoredScan[]): Record<IntervalName, number | null> {
  const { nodules: _, found: __, ...own } = noduleScores(scans.map(({ model }) => model));
  const other = baselineFigures(scans);
  return {
    ...own,
    baselineSensitivity: other?.sensitivity ?? null,
    baselineFalsePerScan: other?.falsePerScan ?? null,
    sensitivityOverBaseline:
      own.sensitivity === null || other === null || other.sensitivity === null
        ? null
        : own.sensitivity - other.sensitivity,
  };
}

function baselineFigures(scans: readonly ScoredScan[]): FoundFigures | null {
  let [found, nodules, wrong] = [0, 0, 0];
  for (const { model, baseline } of scans) {
    if (baseline === null) return null;
    model.nodules.forEach(({ overlap }, n) => {
      if (overlap.truth === 0) return;
      nodules++;
      if (baseline.nodules[n]?.found) found++;
    });
    wrong += baseline.falseComponents;
  }
  return {
    found,
    sensitivity: nodules === 0 ? null : found / nodules,
    falsePerScan: scans.length === 0 ? 0 : wrong / scans.length,
  };
}
