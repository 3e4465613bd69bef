import { NoduleTrainError } from '../../runtime/index.js';

/** Number and label by which a user identifies a segment of a SEG or a region of an RTSTRUCT. */
export interface Named {
  readonly number: number;
  /** Safe to show in an error; 'unnamed' where the file has none, or one with other than printable ASCII characters. */
  readonly label: string;
}

/** The label of the file where it is safe to show, else 'unnamed'. */
export const printableLabel = (label: string | undefined): string =>
  label !== undefined && /^[\x20-\x7e]{1,64}$/.test(label) ? label : 'unnamed';

/**
 * Chooses the item whose number or label is `requested`; without `requested` the only item. `what` is what an item is
 * called, such as "segment".
 * @throws NoduleTrainError `mask-segment` with a list of the items
 */
export const chooseNamed = <Item extends Named>(
  path: string,
  what: string,
  items: readonly Item[],
  requested: string | number | undefined,
): Item => {
  const fits = ({ number, label }: Item): boolean =>
    requested === undefined || label === requested || String(number) === String(requested).trim();
  const found = items.filter(fits);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const reason =
    requested === undefined ? 'none is chosen' : `${found.length} of them match ${JSON.stringify(requested)}`;
  const list = items.map(({ number, label }) => `${number} (${label})`).join(', ');
  throw new NoduleTrainError(
    'mask-segment',
    items.length === 0
      ? `reading the mask ${path}: it has no ${what}. Give another file.`
      : `reading the mask ${path}: it has ${items.length} ${what}s, and ${reason}: ${list}. Choose one by its ` +
          'number or label (segment).',
  );
};
