import { quoted } from '../../runtime/index.js';
import { MOST_DIMENSIONS, type Spend, TENSOR_COST } from './allowance.js';

/** A tensor as described in the header of a safetensors file; only the syntax has been checked. */
export interface DescribedTensor {
  name: string;
  dtype: string;
  shape: number[];
  offsets: number[];
}

export interface DescribedFile {
  tensors: DescribedTensor[];
  metadata: Record<string, string>;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const isSpace = (code: number | undefined): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const isDigit = (code: number | undefined): boolean => code !== undefined && code >= 0x30 && code <= 0x39;

/**
 * Parses the JSON of a safetensors header, and only what such a header may hold: an object of tensors, each with dtype,
 * shape and data_offsets, and of `__metadata__`, an object of strings. `JSON.parse` would build any nesting before it
 * can be checked, and would accept duplicate names.
 * @param refuse throws an error with the reason
 */
export function parseHeaderJson(bytes: Uint8Array, refuse: (what: string) => never, spend: Spend): DescribedFile {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let place = 0;

  const invalid = (expected: string): never =>
    refuse(`its header is not valid JSON: expected ${expected} at byte ${8 + place}`);
  const peek = (): number | undefined => {
    while (isSpace(bytes[place])) place++;
    return bytes[place];
  };
  const is = (letter: string): boolean => peek() === letter.charCodeAt(0);
  const take = (letter: string): void => {
    if (!is(letter)) invalid(letter);
    place++;
  };
  const string = (): string => {
    take('"');
    const start = place;
    let escaped = false;
    for (; bytes[place] !== QUOTE; place++) {
      if (place >= bytes.length) return invalid('the end of a string');
      if (bytes[place]! < 0x20) return invalid('a character that JSON allows in a string');
      if (bytes[place] === BACKSLASH) {
        escaped = true;
        place++;
      }
    }
    place++;
    spend(32 + 2 * (place - start));
    let text: string;
    try {
      text = decoder.decode(bytes.subarray(start, place - 1));
    } catch {
      return refuse(`its header is not valid JSON: the string at byte ${8 + start} is not UTF-8`);
    }
    if (!escaped) return text;
    try {
      return JSON.parse(`"${text}"`);
    } catch {
      return refuse(`its header is not valid JSON: the string at byte ${8 + start} has an invalid escape`);
    }
  };
  /** Parses comma-separated items between two brackets. */
  const between = (open: string, close: string, item: () => void): void => {
    take(open);
    if (is(close)) {
      place++;
      return;
    }
    for (;;) {
      item();
      if (is(close)) break;
      take(',');
    }
    place++;
  };
  const sizes = (what: string, most: number): number[] => {
    const found: number[] = [];
    if (!is('[')) refuse(`${what}: expected a list of non-negative integers`);
    between('[', ']', () => {
      peek();
      const start = place;
      while (isDigit(bytes[place])) place++;
      const digits = decoder.decode(bytes.subarray(start, Math.min(place, start + 17)));
      const size = Number(digits);
      const next = peek();
      if (digits === '' || (digits.length > 1 && digits[0] === '0') || !Number.isSafeInteger(size))
        refuse(`${what}: expected integers from 0 to 2^53`);
      if (next !== 0x2c && next !== 0x5d) refuse(`${what}: expected integers from 0 to 2^53`);
      if (found.push(size) > most) refuse(`${what}: expected at most ${most} numbers`);
    });
    return found;
  };

  const tensor = (name: string): DescribedTensor => {
    if (!is('{')) refuse(`tensor ${quoted(name)} has no description`);
    spend(TENSOR_COST);
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    between('{', '}', () => {
      const key = string();
      take(':');
      if (key === 'dtype' && dtype === undefined)
        dtype = is('"') ? string() : refuse(`tensor ${quoted(name)} has a dtype that is not a string`);
      else if (key === 'shape' && shape === undefined)
        shape = sizes(`tensor ${quoted(name)} has no valid shape`, MOST_DIMENSIONS);
      else if (key === 'data_offsets' && offsets === undefined)
        offsets = sizes(`tensor ${quoted(name)} has no valid data_offsets`, 2);
      else {
        const isKnown = ['dtype', 'shape', 'data_offsets'].includes(key);
        refuse(`tensor ${quoted(name)} has ${isKnown ? 'twice' : 'the unknown entry'} ${quoted(key)}`);
      }
    });
    if (dtype === undefined || shape === undefined || offsets?.length !== 2)
      return refuse(`tensor ${quoted(name)} has no valid ${dtype ? (shape ? 'data_offsets' : 'shape') : 'dtype'}`);
    return { name, dtype, shape, offsets };
  };

  const metadata: Record<string, string> = {};
  const metadataEntry = (): void => {
    const key = string();
    take(':');
    if (Object.hasOwn(metadata, key)) refuse(`its metadata has ${quoted(key)} twice`);
    if (!is('"')) refuse(`its metadata ${quoted(key)} is not a string`);
    // A plain assignment to __proto__ would not set an entry.
    Object.defineProperty(metadata, key, { value: string(), enumerable: true, writable: true, configurable: true });
    spend(64);
  };

  const tensors: DescribedTensor[] = [];
  const names = new Set<string>();
  if (!is('{')) refuse('its header is not a JSON object');
  between('{', '}', () => {
    const name = string();
    take(':');
    if (names.has(name)) refuse(`its header has ${quoted(name)} twice`);
    names.add(name);
    if (name !== '__metadata__') tensors.push(tensor(name));
    else if (is('{')) between('{', '}', metadataEntry);
    else refuse('its __metadata__ is not an object');
  });
  if (peek() !== undefined) invalid('the end');
  return { tensors, metadata };
}
