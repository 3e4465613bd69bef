import type { TableColumn } from './readTable.js';

/** Lower case without spaces, underscores, hyphens, brackets and quotes: `Diameter (mm)` is `diametermm`. */
const plain = (name: string): string => name.toLowerCase().replace(/[\s_\-()[\]"'.]/g, '');

export interface FoundColumns<Name extends string> {
  /** Position of each column that is there. */
  readonly places: ReadonlyMap<Name, number>;
  /** Required columns that are not there. */
  readonly missing: readonly Name[];
  /** Which columns of the file may be meant by missing ones, as text. */
  readonly likely: readonly string[];
  /** Which columns were recognized under another name. */
  readonly notes: readonly string[];
}

/**
 * Finds the columns of a table in its header: by their name in any case, else by the one column that has another of
 * its names.
 */
export function findColumns<Name extends string>(
  header: readonly string[],
  columns: Readonly<Record<Name, TableColumn>>,
): FoundColumns<Name> {
  const places = new Map<Name, number>();
  const missing: Name[] = [];
  const likely: string[] = [];
  const notes: string[] = [];
  const names = header.map(plain);
  const taken = new Set<number>();
  const wanted = Object.entries(columns) as [Name, TableColumn][];
  for (const [name] of wanted) {
    const exact = header.indexOf(name);
    const place = exact >= 0 ? exact : names.indexOf(plain(name));
    if (place < 0) continue;
    places.set(name, place);
    taken.add(place);
  }
  for (const [name, { aliases = [], unclear, optional = false }] of wanted) {
    if (places.has(name)) continue;
    const found = names.flatMap((one, place) => (!taken.has(place) && aliases.includes(one) ? [place] : []));
    if (found.length === 1) {
      places.set(name, found[0]!);
      taken.add(found[0]!);
      notes.push(`The column "${header[found[0]!]!.trim()}" was read as ${name}.`);
    } else if (!optional) {
      missing.push(name);
      const meant = names.findIndex((one, place) => !taken.has(place) && unclear?.names.includes(one));
      if (meant >= 0) likely.push(`"${header[meant]!.trim()}" ${unclear!.why}`);
      if (found.length > 1)
        likely.push(`${found.map((place) => `"${header[place]}"`).join(' and ')} may both be ${name}`);
    } else if (found.length > 1) {
      notes.push(
        `The columns ${found.map((place) => `"${header[place]}"`).join(' and ')} may both be ${name}; none was read.`,
      );
    }
  }
  return { places, missing, likely, notes };
}
