import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { NoduleTrainError, replaceJson } from '../../runtime/index.js';
import { checkJson, parseJson } from '../jsonFile.js';
import type { Fold } from './fold.js';

const splitsSchema = z.array(z.object({ train: z.array(z.string().min(1)), val: z.array(z.string().min(1)) })).min(1);

/** File name of nnU-Net's folds. */
export const SPLITS_FILE = 'splits_final.json';

/** Returns the path of a file of folds: `splits_final.json` in a folder, else the path itself. */
export function splitsPath(path: string): string {
  return existsSync(path) && statSync(path).isDirectory() ? join(path, SPLITS_FILE) : path;
}

/**
 * Reads folds in the form of nnU-Net's `splits_final.json`: a list of `{train: [case …], val: [case …]}`.
 * @throws NoduleTrainError `splits-file` if the file is damaged, a case is on both sides of a fold, or a case is not
 * one of the `known`
 */
export async function readSplits(path: string, known: ReadonlySet<string>): Promise<Fold[]> {
  const fault = (found: string, cause?: unknown) =>
    new NoduleTrainError(
      'splits-file',
      `reading the folds ${path}: ${found}, expected a list of {"train": [case, …], "val": [case, …]} with cases of ` +
        'these data',
      { cause },
    );
  const folds = checkJson(await parseJson(path, fault), splitsSchema, fault);
  return folds.map(({ train, val }, fold) => {
    const twice = val.find((name) => train.includes(name));
    if (twice !== undefined) throw fault(`fold ${fold} has ${twice} in train and in val`);
    const unknown = [...train, ...val].find((name) => !known.has(name));
    if (unknown !== undefined) throw fault(`fold ${fold} names ${unknown}, which the data do not have`);
    return { train, validation: val };
  });
}

/** Writes folds in the same form, replacing the file atomically. */
export function writeSplits(path: string, folds: readonly Fold[]): Promise<void> {
  return replaceJson(
    path,
    folds.map(({ train, validation }) => ({ train, val: validation })),
  );
}
