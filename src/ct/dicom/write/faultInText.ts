import type { WrittenVr } from './attributes.js';

interface TextRule {
  /** Most characters of one value. */
  readonly most: number;
  readonly pattern?: RegExp;
  readonly expected?: string;
}

/** The rules of PS3.5 table 6.2-1 for one value. Lengths are in characters, as the standard counts them. */
const rules: Partial<Record<WrittenVr, TextRule>> = {
  AS: { most: 4, pattern: /^\d{3}[DWMY]$/, expected: 'three digits and D, W, M or Y' },
  CS: { most: 16, pattern: /^[A-Z0-9 _]*$/, expected: 'capital letters, digits, spaces and underscores' },
  DA: { most: 8, pattern: /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/, expected: 'YYYYMMDD' },
  DS: { most: 16, pattern: /^ *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *$/, expected: 'a number' },
  DT: {
    most: 26,
    pattern: /^\d{4}(\d\d(\d\d(\d\d(\d\d(\d\d(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})? *$/,
    expected: 'YYYYMMDDHHMMSS',
  },
  IS: { most: 12, pattern: /^ *[+-]?\d+ *$/, expected: 'a whole number' },
  LO: { most: 64 },
  LT: { most: 10_240 },
  PN: { most: 5 * 64 },
  SH: { most: 16 },
  ST: { most: 1024 },
  TM: {
    most: 14,
    pattern: /^([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?|60(\.\d{1,6})?)?)? *$/,
    expected: 'HHMMSS.FFFFFF',
  },
  UC: { most: 2 ** 31 },
  // Components with leading zeros, which the standard forbids, are in many archives: a reference must repeat them.
  UI: { most: 64, pattern: /^\d+(\.\d+)+$/, expected: 'a UID' },
  UR: { most: 2 ** 31, pattern: /^[\x21-\x7e]* *$/, expected: 'a URI' },
  UT: { most: 2 ** 31 },
};

/** VRs whose value may hold line breaks and backslashes, and is always a single one. */
export const freeText: ReadonlySet<WrittenVr> = new Set(['LT', 'ST', 'UT', 'UR']);

/** VRs whose text may hold characters beyond ASCII, which SpecificCharacterSet names. */
export const extendedText: ReadonlySet<WrittenVr> = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);

/**
 * Finds what violates the rules of a VR in one value, without the value: "has 80 characters, expected at most 64". Null
 * for a valid value; the empty one is valid.
 */
export function faultInText(vr: WrittenVr, text: string): string | null {
  const rule = rules[vr];
  if (rule === undefined || text === '') return null;
  const { most, pattern, expected } = rule;
  const count = vr === 'PN' ? longestGroup(text) : [...text].length;
  const limit = vr === 'PN' ? 64 : most;
  if (count > limit) return `has ${count} characters, expected at most ${limit}`;
  if (pattern !== undefined && !pattern.test(text)) return `has another form, expected ${expected}`;
  if (/\p{Surrogate}/u.test(text)) return 'has half of a surrogate pair, expected whole characters';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what the standard excludes
  const excluded = freeText.has(vr) ? /[\0-\x08\x0b\x0e-\x1f\x7f]/ : /[\0-\x1f\x7f\\]/;
  if (excluded.test(text)) return 'has control characters or backslashes, expected text';
  if (vr === 'IS' && !(Math.abs(Number(text)) < 2 ** 31)) return 'is beyond 32 bits, expected a whole number';
  if (vr === 'PN' && (text.split('=').length > 3 || text.split('=').some((group) => group.split('^').length > 5)))
    return 'has more than 3 groups or 5 components, expected a name';
  return null;
}

/** Characters of the longest of the component groups of a name, to which the limit of 64 applies. */
const longestGroup = (name: string): number => Math.max(...name.split('=').map((group) => [...group].length));
