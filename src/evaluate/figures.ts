import { bootstrapInterval, type Interval, type Overlap, type ScanScore } from '../score/index.js';

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
  /** Of the whole scan: predicted voxels against true ones. */
  overlap: Overlap;
}

/** A rule's hits. */
export interface FoundFigures {
  found: number;
  /** found / nodules; null without nodules. */
  sensitivity: number | null;
  falsePerScan: number;
}

/** The object of `evaluate` and of score.json; docs/evaluate.md defines each. */
export interface Figures extends FoundFigures {
  scans: number;
  patients: number;
  nodules: number;
  dice3d: { mean: number | null; median: number | null; pooled: number | null };
  missed: number;
  withoutAgreement: number;
  leftEmpty: number;
  joint: number | null;
  jointOfEmpty: number | null;
  /** Null where it does not apply to some of the scans. */
  baseline: FoundFigures | null;
  /** 95 %, bootstrap over patients; null where it cannot be computed. */
  intervals: Record<IntervalName, Interval | null>;
}

const statistics = {
  sensitivity: (scans) => foundFigures(scans.map(({ model }) => model)).sensitivity,
  falsePerScan: (scans) => foundFigures(scans.map(({ model }) => model)).falsePerScan,
  dice3d: (scans) => mean(agreedDice(scans)),
  dice3dMedian: (scans) => median(agreedDice(scans)),
  dice3dPooled: pooledDice,
  joint: jointScore,
  baselineSensitivity: (scans) => baselineFigures(scans)?.sensitivity ?? null,
  baselineFalsePerScan: (scans) => baselineFigures(scans)?.falsePerScan ?? null,
  sensitivityOverBaseline: (scans) => {
    const [own, other] = [
      foundFigures(scans.map(({ model }) => model)).sensitivity,
      baselineFigures(scans)?.sensitivity,
    ];
    return own === null || other === null || other === undefined ? null : own - other;
  },
} satisfies Record<string, (scans: readonly ScoredScan[]) => number | null>;

export type IntervalName = keyof typeof statistics;

/** All figures over scored scans, with intervals that draw whole patients anew. */
export function figuresOf(scans: readonly ScoredScan[], { seed = 1, resamples = 2000 } = {}): Figures {
  const nodules = scans.flatMap(({ model }) => model.nodules);
  const dice = agreedDice(scans);
  const without = nodules.filter(({ overlap }) => overlap.truth === 0);
  const patients = new Map<string, ScoredScan[]>();
  for (const scan of scans) patients.set(scan.patient, [...(patients.get(scan.patient) ?? []), scan]);
  const groups = [...patients.values()];
  const intervals = Object.fromEntries(
    Object.entries(statistics).map(([name, statistic]) => [
      name,
      bootstrapInterval(groups, (drawn) => statistic(drawn.flat()), { seed, resamples }),
    ]),
  ) as Figures['intervals'];
  return {
    scans: scans.length,
    patients: groups.length,
    nodules: nodules.length,
    ...foundFigures(scans.map(({ model }) => model)),
    dice3d: { mean: mean(dice), median: median(dice), pooled: pooledDice(scans) },
    missed: dice.filter((value) => value === 0).length,
    withoutAgreement: without.length,
    leftEmpty: without.filter(({ found }) => !found).length,
    joint: jointScore(scans),
    jointOfEmpty: nodules.length === 0 ? null : without.length / nodules.length,
    baseline: baselineFigures(scans),
    intervals,
  };
}

const baselineFigures = (scans: readonly ScoredScan[]): FoundFigures | null => {
  const hits = scans.flatMap(({ baseline }) => baseline ?? []);
  return hits.length < scans.length ? null : foundFigures(hits);
};

function foundFigures(scans: readonly Hits[]): FoundFigures {
  let [found, nodules, wrong] = [0, 0, 0];
  for (const scan of scans) {
    found += scan.nodules.filter((nodule) => nodule.found).length;
    nodules += scan.nodules.length;
    wrong += scan.falseComponents;
  }
  return {
    found,
    sensitivity: nodules === 0 ? null : found / nodules,
    falsePerScan: scans.length === 0 ? 0 : wrong / scans.length,
  };
}

/** Nodules that no two readers agree on have no Dice. */
function agreedDice(scans: readonly ScoredScan[]): number[] {
  return scans.flatMap(({ model }) => model.nodules.filter(({ overlap }) => overlap.truth > 0).map(({ dice }) => dice));
}

function jointScore(scans: readonly ScoredScan[]): number | null {
  return mean(
    scans.flatMap(({ model }) =>
      model.nodules.map(({ overlap, dice, found }) => (overlap.truth > 0 ? dice : found ? 0 : 1)),
    ),
  );
}

function pooledDice(scans: readonly ScoredScan[]): number | null {
  let [shared, both] = [0, 0];
  for (const { overlap } of scans) {
    shared += overlap.shared;
    both += overlap.predicted + overlap.truth;
  }
  return both === 0 ? null : (2 * shared) / both;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
