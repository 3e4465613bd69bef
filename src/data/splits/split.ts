import { createHash } from 'node:crypto';
import { z } from 'zod';
import { NoduleTrainError, replaceJson } from '../../runtime/index.js';
import { checkJson, parseJson } from '../jsonFile.js';

/** A scan as a split needs it; `patient` is null if unknown. */
export interface SplitScan {
  uid: string;
  patient: string | null;
}

export type SplitPart = 'train' | 'validation' | 'test';

const uids = z.array(z.string().min(1));

/** A split as stored in its JSON file: series UIDs by part. */
export const splitSchema = z.strictObject({
  format: z.literal('nodule-train-split'),
  seed: z.int(),
  /** What stays together: the scans of a patient, or only each series. */
  unit: z.enum(['patient', 'series']),
  /** 'fold': the split is the fold described by `fold`. */
  rule: z.enum(['hash', 'stride', 'fold']),
  fold: z.strictObject({ number: z.int().min(0), of: z.int().min(1), by: z.enum(['hash', 'data']) }).optional(),
  train: uids,
  validation: uids,
  test: uids,
});

export type Split = z.output<typeof splitSchema>;

export const splitOptionsSchema = z.object({
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe('random seed of the split'),
  validationShare: z.number().gt(0).lt(1).default(0.1).describe('fraction of the patients used for validation'),
  testShare: z.number().min(0).lt(1).default(0).describe('fraction of the patients kept for testing'),
  strideSplit: z
    .boolean()
    .default(false)
    .describe('validate on every tenth series, whatever the patient (fault 18 of the book)'),
});

/**
 * Draws a split by patient; by series if any patient is unknown (see `unit`).
 *
 * A patient's side depends only on the seed and the patient's name, so it stays when other scans come or go. The
 * fractions are therefore met on average only. If a required side would be empty, the patient nearest to it moves
 * there.
 *
 * @throws NoduleTrainError `split-empty` if there are fewer patients than required sides
 */
export function drawSplit(scans: readonly SplitScan[], options: z.input<typeof splitOptionsSchema> = {}): Split {
  const { seed, validationShare, testShare, strideSplit } = splitOptionsSchema.parse(options);
  const unit = strideSplit ? 'series' : chooseUnit(scans);
  const groups = new Map<string, SplitScan[]>();
  for (const scan of scans) {
    const name = unit === 'patient' ? (scan.patient as string) : scan.uid;
    groups.set(name, [...(groups.get(name) ?? []), scan]);
  }
  const required: SplitPart[] = testShare > 0 ? ['train', 'validation', 'test'] : ['train', 'validation'];
  const names = [...groups.keys()].sort();
  if (names.length < required.length)
    throw new NoduleTrainError(
      'split-empty',
      `splitting ${scans.length} scans by ${unit}: found ${names.length} ` +
        `${unit === 'patient' ? 'patients' : 'series'}, expected at least one for each of ` +
        `${required.join(', ')}. Add scans, or give a file of the split.`,
    );
  const sides = strideSplit ? byStride(names) : byHash(names, seed, validationShare, testShare);
  const uidsIn = (part: SplitPart) =>
    names
      .filter((name) => sides.get(name) === part)
      .flatMap((name) => (groups.get(name) ?? []).map(({ uid }) => uid))
      .sort();
  return checkSplit(
    {
      format: 'nodule-train-split',
      seed,
      unit,
      rule: strideSplit ? 'stride' : 'hash',
      train: uidsIn('train'),
      validation: uidsIn('validation'),
      test: uidsIn('test'),
    },
    required,
  );
}

/** What a split keeps together: patients, or series if any patient is unknown. */
export function chooseUnit(scans: readonly SplitScan[]): Split['unit'] {
  return scans.length > 0 && scans.every(({ patient }) => patient !== null) ? 'patient' : 'series';
}

/** Hashes a name and a seed to a number in [0, 1). */
const hashPosition = (seed: number, name: string): number =>
  createHash('sha256').update(`nodule-train:split:${seed}:${name}`).digest().readUIntBE(0, 6) / 2 ** 48;

function byHash(names: string[], seed: number, validationShare: number, testShare: number): Map<string, SplitPart> {
  const ranked = names.map((name) => ({ name, at: hashPosition(seed, name) })).sort((a, b) => a.at - b.at);
  // In ascending order: test, validation, train.
  let test = ranked.filter(({ at }) => at < testShare).length;
  let validation = ranked.filter(({ at }) => at < testShare + validationShare).length - test;
  if (testShare > 0) test = Math.max(1, Math.min(test, ranked.length - 2));
  validation = Math.max(1, Math.min(validation, ranked.length - test - 1));
  return new Map(
    ranked.map(({ name }, rank) => [name, rank < test ? 'test' : rank < test + validation ? 'validation' : 'train']),
  );
}

const byStride = (names: string[]): Map<string, SplitPart> =>
  new Map(names.map((name, index) => [name, index % 10 === 0 ? 'validation' : 'train']));

/**
 * Returns the split, unless a required side is empty or a series is on two sides.
 * @throws NoduleTrainError `split-empty`, `split-overlap`
 */
export function checkSplit(split: Split, required: readonly SplitPart[] = ['train', 'validation']): Split {
  for (const part of required)
    if (split[part].length === 0)
      throw new NoduleTrainError(
        'split-empty',
        `using a split of ${split.train.length} training, ${split.validation.length} validation and ` +
          `${split.test.length} test series: found no series in its ${part} part, expected at least one. ` +
          'Add scans, or choose another split.',
      );
  const seen = new Map<string, SplitPart>();
  for (const part of ['train', 'validation', 'test'] as const)
    for (const uid of split[part]) {
      const other = seen.get(uid);
      if (other !== undefined)
        throw new NoduleTrainError(
          'split-overlap',
          `using a split: series ${uid} is in ${other} and in ${part}, expected in one part only. Remove it from one.`,
        );
      seen.set(uid, part);
    }
  return split;
}

/** Writes a split as JSON, replacing the file atomically. */
export function writeSplit(path: string, split: Split): Promise<void> {
  return replaceJson(path, split);
}

/**
 * Reads a split and checks it.
 * @throws NoduleTrainError `split-file` (missing, not JSON, or an invalid field), `split-empty`, `split-overlap`
 */
export async function readSplit(path: string, required?: readonly SplitPart[]): Promise<Split> {
  const fault = (found: string, cause?: unknown) =>
    new NoduleTrainError(
      'split-file',
      `reading the split ${path}: ${found}, expected the JSON of a split, such as a run's split.json`,
      { cause },
    );
  return checkSplit(checkJson(await parseJson(path, fault), splitSchema, fault), required);
}
