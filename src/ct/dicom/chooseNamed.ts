import { NoduleTrainError } from '../../runtime/index.js';

/** A segment of a SEG or a region of an RTSTRUCT, by what a user may call it. */
export interface Named {
  readonly number: number;
  /** As an error may show it; 'unnamed' where the file has none, or one of other than plain characters. */
  readonly label: string;
}

export const shownLabel = (label: string | undefined): string =>
  label !== undefined && /^[\x20-\x7e]{1,64}$/.test(label) ? label : 'unnamed';

/**
 * The one that `wanted` names by its number or label; without `wanted` the only one. `what` is such as "segment".
 * Throws 'mask-segment', which lists them.
 */
export const chooseNamed = <Item extends Named>(
  path: string,
  what: string,
  items: readonly Item[],
  wanted: string | number | undefined,
): Item => {
  const fits = ({ number, label }: Item): boolean =>
    wanted === undefined || label === wanted || String(number) === String(wanted).trim();
  const found = items.filter(fits);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const said =
    wanted === undefined ? 'no one is chosen' : `${found.length} of them are called ${JSON.stringify(wanted)}`;
  const list = items.map(({ number, label }) => `${number} (${label})`).join(', ');
  throw new NoduleTrainError(
    'mask-segment',
    items.length === 0
      ? `reading the mask ${path}: it has no ${what}; give another file`
      : `reading the mask ${path}: it has ${items.length} ${what}s, and ${said}: ${list}; choose one by its number or label (segment)`,
  );
};
