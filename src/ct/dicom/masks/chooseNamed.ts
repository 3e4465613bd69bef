import { NoduleTrainError } from '../../../runtime/index.js';
import type { Keyword } from '../dictionary.js';
import { decodeText } from '../source/decodeText.js';
import type { DicomTags } from '../tags.js';

/** Number and label by which a user identifies a segment of a SEG or a region of an RTSTRUCT. */
export interface Named {
  readonly number: number;
  /** In Unicode (NFC); 'unnamed' where the file has none, or one that is not safe to show. */
  readonly label: string;
  /** For the list of an error, such as "12 contours". */
  readonly content?: string;
}

/** Longest label that is shown; LO has 64 characters at most. */
const longestLabel = 64;

/** Items that an error lists. */
const mostListed = 100;

/**
 * Reads the label of a segment or region in the character set of its item, or of the whole file. It is 'unnamed' where
 * it is empty, longer than the standard allows, or has control characters.
 */
export const readLabel = (file: DicomTags, item: DicomTags, keyword: Keyword): string => {
  const terms = item.texts('SpecificCharacterSet') ?? file.texts('SpecificCharacterSet') ?? [];
  const bytes = item.bytes(keyword);
  return shownLabel(bytes === null ? '' : decodeText(bytes, terms).text);
};

/** The label in the form in which it is compared and shown; 'unnamed' where it is not safe to show, or none. */
export const shownLabel = (text: string): string => {
  const label = plainText(text);
  return label === '' || [...label].length > longestLabel || unsafe.test(label) ? 'unnamed' : label;
};

/** Control characters, surrogates, private and unassigned characters, line and paragraph separators. */
const unsafe = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/** One form for each text: composed, without invisible characters, single spaces, none around. */
const plainText = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[\0\p{Zs}]+/gu, ' ')
    .trim();

const looseText = (text: string): string => plainText(text.normalize('NFKC')).toLowerCase();

/**
 * Chooses the item whose number or label is `requested`; without `requested` the only item. A text that is the number
 * of an item means the number. Labels are compared in composed form without surrounding spaces, then also without
 * regard to case and width. `what` is what an item is called, such as "segment". `notes` reports a number that is also
 * the label of another item.
 * @throws NoduleTrainError `mask-segment` with a list of the items
 */
export const chooseNamed = <Item extends Named>(
  path: string,
  what: string,
  items: readonly Item[],
  requested: string | number | undefined,
): { readonly item: Item; readonly notes: readonly string[] } => {
  const found = findNamed(items, requested);
  const [only] = found;
  if (only !== undefined && found.length === 1) return { item: only, notes: notesOn(what, items, only, requested) };
  const reason =
    requested === undefined ? 'none is chosen' : `${found.length} of them match ${JSON.stringify(requested)}`;
  const shown = items
    .slice(0, mostListed)
    .map(({ number, label, content }) => `${number} (${label}${content === undefined ? '' : `, ${content}`})`);
  const list = [...shown, ...(items.length > mostListed ? [`and ${items.length - mostListed} more`] : [])].join(', ');
  throw new NoduleTrainError(
    'mask-segment',
    items.length === 0
      ? `reading the mask ${path}: it has no ${what}. Give another file.`
      : `reading the mask ${path}: it has ${items.length} ${what}${items.length === 1 ? '' : 's'}, and ${reason}: ${list}. Choose one by its ` +
          'number or label (segment).',
  );
};

const findNamed = <Item extends Named>(
  items: readonly Item[],
  requested: string | number | undefined,
): readonly Item[] => {
  if (requested === undefined) return items;
  const text = plainText(String(requested));
  const byNumber = items.filter(({ number }) => String(number) === text);
  if (byNumber.length > 0 || typeof requested === 'number') return byNumber;
  const byLabel = items.filter(({ label }) => label === text);
  return byLabel.length > 0 ? byLabel : items.filter(({ label }) => looseText(label) === looseText(text));
};

const notesOn = (
  what: string,
  items: readonly Named[],
  chosen: Named,
  requested: string | number | undefined,
): string[] => {
  const other = items.find((item) => item !== chosen && item.label === String(requested).trim());
  if (typeof requested !== 'string' || other === undefined || String(chosen.number) !== other.label) return [];
  return [`"${other.label}" is taken as the number of a ${what}; the one with this label is number ${other.number}`];
};
