import { quoted } from '../../runtime/index.js';
import { MOST_DIMENSIONS, type Spend, TENSOR_COST } from './allowance.js';

/** A tensor as the header of a safetensors file describes it, unchecked but for its form. */
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
 * Parses the JSON of a safetensors header, and only what such a header may hold: an object of tensors, each with dtype, shape
 * and data_offsets, and of `__metadata__`, an object of strings. `JSON.parse` would build whatever nesting stands
 * there before it can be looked at, and would pass over a name that stands there twice.
 *
 * @param refuse called with what is wrong
 */
export function parseHeaderJson(bytes: Uint8Array, refuse: (what: string) => never, spend: Spend): DescribedFile {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let place = 0;

  const noJson = (wanted: string): never => refuse(`its header is no JSON: ${wanted} is wanted at byte ${8 + place}`);
  const peek = (): number | undefined => {
    while (isSpace(bytes[place])) place++;
    return bytes[place];
  };
  const is = (letter: string): boolean => peek() === letter.charCodeAt(0);
  const take = (letter: string): void => {
    if (!is(letter)) noJson(letter);
    place++;
  };
  const string = (): string => {
    take('"');
    const start = place;
    let escaped = false;
    for (; bytes[place] !== QUOTE; place++) {
      if (place >= bytes.length) return noJson('the end of a string');
      if (bytes[place]! < 0x20) return noJson('a letter that JSON allows in a string');
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
      return refuse(`its header is no JSON: the string at byte ${8 + start} is no UTF-8`);
    }
    if (!escaped) return text;
    try {
      return JSON.parse(`"${text}"`);
    } catch {
      return refuse(`its header is no JSON: the string at byte ${8 + start} has an escape that JSON has not`);
    }
  };
  /** The items between two brackets, a comma between them. */
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
    if (!is('[')) refuse(`${what}: wanted is a list of whole numbers from 0`);
    between('[', ']', () => {
      peek();
      const start = place;
      while (isDigit(bytes[place])) place++;
      const digits = decoder.decode(bytes.subarray(start, Math.min(place, start + 17)));
      const size = Number(digits);
      const next = peek();
      if (digits === '' || (digits.length > 1 && digits[0] === '0') || !Number.isSafeInteger(size))
        refuse(`${what}: wanted are whole numbers from 0 to 2^53`);
      if (next !== 0x2c && next !== 0x5d) refuse(`${what}: wanted are whole numbers from 0 to 2^53`);
      if (found.push(size) > most) refuse(`${what} of more than ${most} numbers`);
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
        dtype = is('"') ? string() : refuse(`tensor ${quoted(name)} has a dtype that is no string`);
      else if (key === 'shape' && shape === undefined)
        shape = sizes(`tensor ${quoted(name)} has no valid shape`, MOST_DIMENSIONS);
      else if (key === 'data_offsets' && offsets === undefined)
        offsets = sizes(`tensor ${quoted(name)} has no valid data_offsets`, 2);
      else
        refuse(
          `tensor ${quoted(name)} has ${['dtype', 'shape', 'data_offsets'].includes(key) ? 'twice' : 'the unknown entry'} ${quoted(key)}`,
        );
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
    if (!is('"')) refuse(`its metadata ${quoted(key)} is no string`);
    // A plain assignment to __proto__ would set no entry.
    Object.defineProperty(metadata, key, { value: string(), enumerable: true, writable: true, configurable: true });
    spend(64);
  };

  const tensors: DescribedTensor[] = [];
  const names = new Set<string>();
  if (!is('{')) refuse('its header is no JSON object');
  between('{', '}', () => {
    const name = string();
    take(':');
    if (names.has(name)) refuse(`its header has ${quoted(name)} twice`);
    names.add(name);
    if (name !== '__metadata__') tensors.push(tensor(name));
    else if (is('{')) between('{', '}', metadataEntry);
    else refuse('its __metadata__ is no object');
  });
  if (peek() !== undefined) noJson('the end');
  return { tensors, metadata };
}
