import {
  bootstrapIntervals,
  type Interval,
  type IntervalOptions,
  type NoduleInterval,
  noduleIntervals,
  noduleScores,
  type ScanScore,
} from '../score/index.js';

/** Hits and misses in one scan: its nodules in order, and the number of false components. */
export interface Hits {
  nodules: readonly { found: boolean }[];
  falseComponents: number;
}

/** Result of one scan, beside that of the threshold baseline. */
export interface ScoredScan {
  uid: string;
  patient: string;
  model: ScanScore;
  /** Null if the baseline does not apply, because its thresholds are in HU. */
  baseline: Hits | null;
}

/** Detection by the model or by the threshold baseline; `found` and `sensitivity` count nodules with agreement. */
export interface DetectionFigures {
  found: number;
  /** found / nodules with agreement; null if there are none. */
  sensitivity: number | null;
  falsePerScan: number;
}

/** Result of `evaluate`, and content of score.json; docs/reference/figures.md defines each figure. */
export interface Figures extends DetectionFigures {
  scans: number;
  patients: number;
  /** All nodules, including those without agreement. */
  nodules: number;
  dice3d: { mean: number | null; median: number | null; pooled: number | null };
  missed: number;
  missedShare: number | null;
  withoutAgreement: number;
  leftEmpty: number;
  leftEmptyShare: number | null;
  joint: number | null;
  jointOfEmpty: number | null;
  /** The score that chooses the best checkpoint of a run, see `selectionScore`. */
  quality: number | null;
  /** Figures of the threshold baseline; null if it does not apply to some of the scans. */
  baseline: DetectionFigures | null;
  /** 95 % intervals by bootstrap over patients; null if there is nothing to compute one from. */
  intervals: Record<IntervalName, Interval | null>;
}

type BaselineInterval = 'baselineSensitivity' | 'baselineFalsePerScan' | 'sensitivityOverBaseline';

export type IntervalName = NoduleInterval | BaselineInterval;

/** Computes all figures over scored scans, with intervals by bootstrap over whole patients. */
export function computeFigures(scans: readonly ScoredScan[], options: IntervalOptions = {}): Figures {
  const { nodules, dice3d, dice3dMedian, dice3dPooled, ...rest } = noduleScores(scans.map(({ model }) => model));
  const byPatient = new Map<string, ScoredScan[]>();
  for (const scan of scans) {
    const known = byPatient.get(scan.patient);
    if (known) known.push(scan);
    else byPatient.set(scan.patient, [scan]);
  }
  const patients = [...byPatient.values()];
  const modelScores = patients.map((own) => own.map(({ model }) => model));
  return {
    scans: scans.length,
    patients: patients.length,
    ...rest,
    nodules: nodules + rest.withoutAgreement,
    dice3d: { mean: dice3d, median: dice3dMedian, pooled: dice3dPooled },
    baseline: baselineFigures(scans)?.figures ?? null,
    // The same seed draws the same patients for both.
    intervals: {
      ...noduleIntervals(modelScores, options),
      ...bootstrapIntervals(patients, (sample) => baselineStatistics(sample.flat()), options),
    },
  };
}

function baselineStatistics(scans: readonly ScoredScan[]): Record<BaselineInterval, number | null> {
  const baseline = baselineFigures(scans);
  return {
    baselineSensitivity: baseline?.figures.sensitivity ?? null,
    baselineFalsePerScan: baseline?.figures.falsePerScan ?? null,
    sensitivityOverBaseline: baseline?.advantage ?? null,
  };
}

/**
 * Computes the figures of the baseline, and the sensitivity of the model minus that of the baseline (`advantage`); null
 * if the baseline does not apply to some of the scans.
 */
function baselineFigures(scans: readonly ScoredScan[]): { figures: DetectionFigures; advantage: number | null } | null {
  let [found, foundByModel, nodules, wrong] = [0, 0, 0, 0];
  for (const { model, baseline } of scans) {
    if (baseline === null) return null;
    for (const [n, nodule] of model.nodules.entries()) {
      if (nodule.overlap.truth === 0) continue;
      nodules++;
      if (nodule.found) foundByModel++;
      if (baseline.nodules[n]?.found) found++;
    }
    wrong += baseline.falseComponents;
  }
  return {
    figures: {
      found,
      sensitivity: nodules === 0 ? null : found / nodules,
      falsePerScan: scans.length === 0 ? 0 : wrong / scans.length,
    },
    advantage: nodules === 0 ? null : foundByModel / nodules - found / nodules,
  };
}
