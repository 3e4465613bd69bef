import { NoduleTrainError } from '../../runtime/index.js';

/**
 * Makes the key by which names of cases and files are compared: without regard to case and Unicode form, which change
 * when files are copied between systems.
 */
export const caseKey = (name: string): string => name.normalize('NFC').toLowerCase();

/**
 * Maps each case to its file. Two files of one case (X.nii.gz and X.mha, X.nii and x.nii, one UID in two subsets) are
 * refused: which is meant is unknown, and a split could train on one and validate on the other.
 * @throws NoduleTrainError `case-twice`
 */
export function uniqueCases(dir: string, files: Iterable<readonly [name: string, path: string]>): Map<string, string> {
  const unique = new Map<string, string>();
  const taken = new Map<string, string>();
  for (const [name, path] of files) {
    const other = taken.get(caseKey(name));
    if (other !== undefined)
      throw new NoduleTrainError(
        'case-twice',
        `opening the data folder ${dir}: case ${name} is there twice, as ${other} and ${path}, expected once. ` +
          'Remove or rename one of them.',
      );
    taken.set(caseKey(name), path);
    unique.set(name, path);
  }
  return unique;
}

/** Makes the function that finds the file of a case in a map of `uniqueCases`: by its name, else by its key. */
export function lookUpCase(files: ReadonlyMap<string, string>): (name: string) => string | undefined {
  const byKey = new Map([...files].map(([name, path]) => [caseKey(name), path]));
  return (name) => files.get(name) ?? byKey.get(caseKey(name));
}
