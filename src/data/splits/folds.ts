import { createHash } from 'node:crypto';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Fold } from './fold.js';
import { checkSplit, chooseUnit, type Split, type SplitScan } from './split.js';

/**
 * Assigns a patient (or series) to the fold that validates it: SHA-256 of `nodule-train:` and its name, as a number,
 * modulo the number of folds. It depends on nothing else, so a patient keeps its fold when others come or go.
 */
export function assignFold(name: string, folds: number): number {
  const digest = createHash('sha256').update(`nodule-train:${name}`).digest('hex');
  return Number(BigInt(`0x${digest}`) % BigInt(folds));
}

/** Draws folds by patient; by series if any patient is unknown. */
export function drawFolds(scans: readonly SplitScan[], count: number): { unit: Split['unit']; folds: Fold[] } {
  const unit = chooseUnit(scans);
  const numbers = scans.map(({ uid, patient }) => assignFold(unit === 'patient' ? (patient as string) : uid, count));
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

/** A fold: of `folds` drawn by patient, or without `folds` one of the data's own. */
export interface FoldChoice {
  /** Number of the fold that validates, from 0. */
  fold: number;
  /** Number of folds. */
  folds?: number | undefined;
}

/**
 * Makes a split of one fold.
 * @throws NoduleTrainError `fold` if there is no such fold, `split-empty` if a side of it is empty
 */
export function splitFromFold(
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
          ? 'the data have no folds of their own. Give the number of folds to draw by patient with --folds.'
          : `found ${all.length} folds, expected a number from 0 to ${all.length - 1}`
      }`,
    );
  return checkSplit({
    format: 'nodule-train-split',
    seed: 0,
    unit: drawn?.unit ?? (sharesPatients(data.scans, chosen) ? 'series' : chooseUnit(data.scans)),
    rule: 'fold',
    fold: { number: fold, of: all.length, by: drawn === null ? 'data' : 'hash' },
    train: [...chosen.train],
    validation: [...chosen.validation],
    test: [],
  });
}

/** Whether any patient is on both sides of a fold. */
export function sharesPatients(scans: readonly SplitScan[], { train, validation }: Fold): boolean {
  const patients = new Map(scans.map(({ uid, patient }) => [uid, patient]));
  const trained = new Set(train.map((uid) => patients.get(uid) ?? null));
  trained.delete(null);
  return validation.some((uid) => trained.has(patients.get(uid) ?? null));
}
