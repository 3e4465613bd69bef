import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';

/** What a result is named after. */
export interface Named {
  /** Series UID, or file name without its extension. */
  readonly name: string;
  /** Its file or folder. */
  readonly path: string;
}

/** Longest name in bytes; file systems allow 255, and some need room for suffixes. */
const mostBytes = 160;

/** Names in the folder of all results that are not of a scan. */
const taken = ['summary.csv', 'luna16.csv'];

/** Names that Windows reserves for devices. */
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Names the folder of each result. Equal names (upper and lower case are equal) get the name of their parent folder in
 * front, `parent-name`, and then that of its parent, until they differ. Names still equal, such as `a.mhd` beside
 * `a.nii`, get the file's whole name instead, and at last a number.
 */
export const resultNames = (scans: readonly Named[]): string[] => {
  const parents = scans.map(({ path }) => parentsOf(path));
  const depths = scans.map(() => 0);
  const nameAt = (k: number): string =>
    safeName([...parents[k]!.slice(0, depths[k]!).reverse(), scans[k]!.name].join('-'));
  let names = scans.map((_, k) => nameAt(k));
  for (;;) {
    const again = collisions(names).filter((k) => depths[k]! < parents[k]!.length);
    if (again.length === 0) break;
    for (const k of again) depths[k]!++;
    names = scans.map((_, k) => nameAt(k));
  }
  for (const k of collisions(names)) names[k] = safeName(basename(scans[k]!.path));
  return numbered(names);
};

/** Names of the folders above a path, from the nearest. */
const parentsOf = (path: string): string[] => {
  const names: string[] = [];
  for (let at = dirname(path); dirname(at) !== at; at = dirname(at)) names.push(basename(at));
  return names;
};

const keyOf = (name: string): string => name.normalize('NFC').toLowerCase();

/** Positions of the names that occur more than once. */
const collisions = (names: readonly string[]): number[] => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(keyOf(name), (counts.get(keyOf(name)) ?? 0) + 1);
  return names.flatMap((name, k) => (counts.get(keyOf(name))! > 1 ? [k] : []));
};

const numbered = (names: readonly string[]): string[] => {
  const used = new Set<string>();
  const all = new Set(names.map(keyOf));
  return names.map((name) => {
    let unique = name;
    for (let number = 2; used.has(keyOf(unique)) || (unique !== name && all.has(keyOf(unique))); number++)
      unique = `${name}-${number}`;
    used.add(keyOf(unique));
    return unique;
  });
};

/** A name for a folder on any system: letters, digits, `.`, `_`, `-` and `+`; other characters become `_`. */
export const safeName = (text: string): string => {
  const plain = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}._+-]/gu, '_')
    .replace(/^\.+|\.+$/g, (dots) => '_'.repeat(dots.length));
  const name = plain === '' ? 'scan' : devices.test(plain) || taken.includes(plain.toLowerCase()) ? `_${plain}` : plain;
  return Buffer.byteLength(name) <= mostBytes ? name : shortened(name);
};

/** Long names keep their start; a hash of the whole keeps them apart. */
const shortened = (name: string): string => {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12);
  let start = '';
  for (const letter of name) {
    if (Buffer.byteLength(start) + Buffer.byteLength(letter) > mostBytes - hash.length - 1) break;
    start += letter;
  }
  return `${start}-${hash}`;
};
