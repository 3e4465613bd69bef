import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { NoduleTrainError, replaceJson } from '../../runtime/index.js';

/** What a split needs to know of a scan; `patient` is null where the data set does not say it. */
export interface SplitScan {
  uid: string;
  patient: string | null;
}

export type SplitPart = 'train' | 'validation' | 'test';

const uids = z.array(z.string().min(1));

/** A split as it stands in its JSON file: series by part. */
export const splitSchema = z.strictObject({
  format: z.literal('nodule-train-split'),
  seed: z.int(),
  /** What was kept together: the scans of one patient, or only each series for itself. */
  unit: z.enum(['patient', 'series']),
  /** 'fold': one of the folds in `fold`. */
  rule: z.enum(['hash', 'stride', 'fold']),
  fold: z.strictObject({ number: z.int().min(0), of: z.int().min(1), by: z.enum(['hash', 'data']) }).optional(),
  train: uids,
  validation: uids,
  test: uids,
});

export type Split = z.output<typeof splitSchema>;

export const splitOptionsSchema = z.object({
  seed: z.int().min(0).default(1).describe('of the split'),
  validationShare: z.number().gt(0).lt(1).default(0.1).describe('share of the patients that validates'),
  testShare: z.number().min(0).lt(1).default(0).describe('share of the patients that is kept for a test'),
  strideSplit: z.boolean().default(false).describe('every tenth series validates, whatever the patient (fault 18)'),
});

/**
 * Draws a split by patient; by series where any patient is unknown (`unit` says which).
 *
 * A patient's side depends on the seed and its name alone, so it stays when other scans come or go; shares are therefore
 * met on average. Where that leaves a wanted side empty, the patient nearest to it moves.
 *
 * @throws NoduleTrainError `split-empty` where there are not enough patients for every wanted side
 */
export function drawSplit(scans: readonly SplitScan[], options: z.input<typeof splitOptionsSchema> = {}): Split {
  const { seed, validationShare, testShare, strideSplit } = splitOptionsSchema.parse(options);
  const known = scans.length > 0 && scans.every(({ patient }) => patient !== null);
  const unit = known && !strideSplit ? 'patient' : 'series';
  const groups = new Map<string, SplitScan[]>();
  for (const scan of scans) {
    const name = unit === 'patient' ? (scan.patient as string) : scan.uid;
    groups.set(name, [...(groups.get(name) ?? []), scan]);
  }
  const wanted: SplitPart[] = testShare > 0 ? ['train', 'validation', 'test'] : ['train', 'validation'];
  const names = [...groups.keys()].sort();
  if (names.length < wanted.length)
    throw new NoduleTrainError(
      'split-empty',
      `splitting ${scans.length} scans by ${unit}: found ${names.length} ${unit === 'patient' ? 'patients' : 'series'}, ` +
        `but each of ${wanted.join(', ')} needs at least one; add scans, or name the split in a file`,
    );
  const sides = strideSplit ? byStride(names) : byHash(names, seed, validationShare, testShare);
  const part = (wantedPart: SplitPart) =>
    names
      .filter((name) => sides.get(name) === wantedPart)
      .flatMap((name) => (groups.get(name) ?? []).map(({ uid }) => uid))
      .sort();
  return checkSplit(
    {
      format: 'nodule-train-split',
      seed,
      unit,
      rule: strideSplit ? 'stride' : 'hash',
      train: part('train'),
      validation: part('validation'),
      test: part('test'),
    },
    wanted,
  );
}

/** A number in [0, 1) that belongs to a name under a seed. */
const place = (seed: number, name: string): number =>
  createHash('sha256').update(`nodule-train:split:${seed}:${name}`).digest().readUIntBE(0, 6) / 2 ** 48;

function byHash(names: string[], seed: number, validationShare: number, testShare: number): Map<string, SplitPart> {
  const ranked = names.map((name) => ({ name, at: place(seed, name) })).sort((a, b) => a.at - b.at);
  // From 0 up: test, validation, train.
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
 * Refuses a split with an empty side or with a series on two sides.
 * @throws NoduleTrainError `split-empty`, `split-overlap`
 */
export function checkSplit(split: Split, wanted: readonly SplitPart[] = ['train', 'validation']): Split {
  for (const part of wanted)
    if (split[part].length === 0)
      throw new NoduleTrainError(
        'split-empty',
        `using a split of ${split.train.length} training, ${split.validation.length} validation and ` +
          `${split.test.length} test series: the part ${part} is empty, at least one series is wanted in it`,
      );
  const seen = new Map<string, SplitPart>();
  for (const part of ['train', 'validation', 'test'] as const)
    for (const uid of split[part]) {
      const other = seen.get(uid);
      if (other !== undefined)
        throw new NoduleTrainError('split-overlap', `using a split: series ${uid} is in ${other} and in ${part}`);
      seen.set(uid, part);
    }
  return split;
}

/** Writes a split as JSON; the file is there whole or not at all. */
export const writeSplit = (path: string, split: Split): Promise<void> => replaceJson(path, split);

/**
 * Reads a split and checks it.
 * @throws NoduleTrainError `split-file` (missing, no JSON, a wrong field), `split-empty`, `split-overlap`
 */
export async function readSplit(path: string, wanted?: readonly SplitPart[]): Promise<Split> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new NoduleTrainError('split-file', `reading the split ${path}: ${found}; a JSON file is wanted`, { cause });
  }
  const parsed = splitSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const field = issue.path.join('.') || 'the file';
    throw new NoduleTrainError('split-file', `reading the split ${path}: ${field}: ${issue.message}`);
  }
  return checkSplit(parsed.data, wanted);
}
