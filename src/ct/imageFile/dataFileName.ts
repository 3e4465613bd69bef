import { quoted } from '../../runtime/index.js';
import { siblingFile } from './siblingFile.js';

/**
 * Checks the name of a data file that a header gives, as a path relative to the header's folder. `fail` throws the
 * error of the format from what was found and what was expected.
 */
export const checkDataFileName = (name: string, fail: (found: string, expected: string) => never): string => {
  const given = decodeName(name);
  const found = `is ${quoted(given)}`;
  if (given === '' || /^LIST( |$)/.test(given) || given.includes('%'))
    return fail(found, 'the name of one file. Values in several files are not read: convert them to one file.');
  const [, last] = /^(?:[A-Za-z]:|.*\\)([^\\]*)$/.exec(given) ?? [];
  if (last !== undefined)
    return fail(
      `${found}, a path of Windows`,
      `a file in the header's own folder. Put ${last === '' ? 'it' : quoted(last)} there, and its name alone into the field.`,
    );
  return siblingFile(given) ?? fail(found, "a file in the header's own folder");
};

/** Decodes a name whose bytes were read as Latin-1: as UTF-8 where they are, else unchanged. */
export const decodeName = (latin1: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1;
  }
};
