import { createHash } from 'node:crypto';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Fold } from './fold.js';
import { checkSplit, type Split, type SplitScan } from './split.js';

/**
 * The fold in which a patient validates: SHA-256 of `nodule-train:` and its name, as a number, modulo the number of folds. It
 * depends on nothing else, so a patient keeps its fold when others come or go.
 */
export function foldOf(name: string, folds: number): number {
  const digest = createHash('sha256').update(`nodule-train:${name}`).digest('hex');
  return Number(BigInt(`0x${digest}`) % BigInt(folds));
}

/** Folds by patient; by series where any patient is unknown. */
export function drawFolds(scans: readonly SplitScan[], count: number): { unit: Split['unit']; folds: Fold[] } {
  const unit = unitOf(scans);
  const numbers = scans.map(({ uid, patient }) => foldOf(unit === 'patient' ? (patient as string) : uid, count));
  const uids = (keep: (fold: number) => boolean) =>
    scans
      .filter((_, i) => keep(numbers[i]!))
      .map(({ uid }) => uid)
      .sort();
  return {
    unit,
    folds: Array.from({ length: count }, (_, number) => ({
      train: uids((fold) => fold !== number),
      validation: uids((fold) => fold === number),
    })),
  };
}

/** Which fold: of `folds` by patient, or without it of those that the data bring along. */
export interface FoldChoice {
  fold: number;
  folds?: number | undefined;
}

/**
 * One fold as a split.
 * @throws NoduleTrainError `fold` where there is no such fold, `split-empty` where a side of it is empty
 */
export function splitOfFold(
  data: { readonly dir: string; readonly scans: readonly SplitScan[]; readonly folds: readonly Fold[] },
  { fold, folds }: FoldChoice,
): Split {
  const drawn = folds === undefined ? null : drawFolds(data.scans, folds);
  const all = drawn?.folds ?? data.folds;
  const chosen = all[fold];
  if (chosen === undefined)
    throw new NoduleTrainError(
      'fold',
      `taking fold ${fold} of ${data.dir}: ${
        all.length === 0
          ? 'the data bring no folds along; say into how many patients are to be divided, with --folds'
          : `there are ${all.length} folds, counted from 0`
      }`,
    );
  return checkSplit({
    format: 'nodule-train-split',
    seed: 0,
    unit: drawn?.unit ?? (sharesPatients(data.scans, chosen) ? 'series' : unitOf(data.scans)),
    rule: 'fold',
    fold: { number: fold, of: all.length, by: drawn === null ? 'data' : 'hash' },
    train: [...chosen.train],
    validation: [...chosen.validation],
    test: [],
  });
}

const unitOf = (scans: readonly SplitScan[]): Split['unit'] =>
  scans.length > 0 && scans.every(({ patient }) => patient !== null) ? 'patient' : 'series';

/** Whether a patient is on both sides. */
export function sharesPatients(scans: readonly SplitScan[], { train, validation }: Fold): boolean {
  const patients = new Map(scans.map(({ uid, patient }) => [uid, patient]));
  const trained = new Set(train.map((uid) => patients.get(uid) ?? null));
  trained.delete(null);
  return validation.some((uid) => trained.has(patients.get(uid) ?? null));
}
