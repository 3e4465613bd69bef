import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { NoduleTrainError, replaceJson } from '../../runtime/index.js';
import type { Fold } from './fold.js';

const splitsSchema = z.array(z.object({ train: z.array(z.string().min(1)), val: z.array(z.string().min(1)) })).min(1);

export const splitsName = 'splits_final.json';

/** The file itself, or `splits_final.json` in a folder. */
export const splitsPath = (path: string): string =>
  existsSync(path) && statSync(path).isDirectory() ? join(path, splitsName) : path;

/**
 * Reads folds in the form of nnU-Net's `splits_final.json`: a list of `{train: [case …], val: [case …]}`.
 * @throws NoduleTrainError `splits-file` for a damaged file, a case on both sides, and a case that the data do not have
 */
export async function readSplits(path: string, known: ReadonlySet<string>): Promise<Fold[]> {
  const fail = (found: string, cause?: unknown) =>
    new NoduleTrainError(
      'splits-file',
      `reading the folds ${path}: ${found}; wanted is a list of {"train": [case, …], "val": [case, …]} of cases of these data`,
      { cause },
    );
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
  const parsed = splitsSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw fail(`${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  return parsed.data.map(({ train, val }, fold) => {
    const twice = val.find((name) => train.includes(name));
    if (twice !== undefined) throw fail(`fold ${fold} has ${twice} in train and in val`);
    const unknown = [...train, ...val].find((name) => !known.has(name));
    if (unknown !== undefined) throw fail(`fold ${fold} names ${unknown}, which is not there`);
    return { train, validation: val };
  });
}

/** Writes folds in the same form; the file is there whole or not at all. */
export const writeSplits = (path: string, folds: readonly Fold[]): Promise<void> =>
  replaceJson(
    path,
    folds.map(({ train, validation }) => ({ train, val: validation })),
  );
