import type { DataSet } from 'dicom-parser';
import { NoduleTrainError } from '../../runtime/index.js';
import { dictionary, type Keyword, tagName } from './dictionary.js';
import { derivedUid } from './write/derivedUid.js';

/** Typed access to the tags of one data set, or of one item of a sequence. Absent and empty tags give null. */
export interface DicomTags {
  /** What errors call the file. */
  readonly file: string;
  readonly has: (keyword: Keyword) => boolean;
  /** Text values, split at `\`, without padding. */
  readonly texts: (keyword: Keyword) => readonly string[] | null;
  /** The bytes of a text value, for text beyond ASCII. */
  readonly bytes: (keyword: Keyword) => Uint8Array | null;
  /** The UID, or a valid one derived from a text that is not a UID. */
  readonly uid: (keyword: Keyword) => string | null;
  /** @throws NoduleTrainError `dicom-tag` if they are not finite, or not `count` numbers */
  readonly numbers: (keyword: Keyword, count?: number) => readonly number[] | null;
  /** The only number. */
  readonly number: (keyword: Keyword) => number | null;
  /** The only number, as signed 16 bits where `signed`; for tags that are US or SS depending on PixelRepresentation. */
  readonly whole: (keyword: Keyword, signed: boolean) => number | null;
  readonly items: (keyword: Keyword) => readonly DicomTags[];
}

/** Creates an error `dicom-tag` with the file, the tag, what was found and what was expected. */
export const tagError = (file: string, keyword: Keyword, found: string, expected: string): NoduleTrainError =>
  new NoduleTrainError('dicom-tag', `reading ${file}: tag ${tagName(keyword)} ${found}, expected ${expected}`);

/** A value as an error may show it: only numbers, since a damaged file may have the patient's name in any tag. */
const printable = (text: string): string =>
  /^[\d.+\-eE\\ ]{0,80}$/.test(text) ? `is "${text}"` : `is text of ${text.length} characters`;

const trimmed = (text: string): string => text.replace(/^[\0 ]+|[\0 ]+$/g, '');

/**
 * Returns a UID as it is, else a valid one derived from the text, always the same: the text may have a name in it, or
 * not be safe as the name of a file.
 */
export const toUid = (text: string): string =>
  /^[\d.]{1,64}$/.test(text) ? text : derivedUid('nodule-train', 'invalid UID', text);

/** Wraps a dicom-parser data set. Errors refer to it as `file`. */
export const dicomTags = (dataSet: DataSet, file: string): DicomTags => {
  const element = (keyword: Keyword) => {
    const found = dataSet.elements[`x${dictionary[keyword][0]}`];
    return found === undefined || found.length === 0 ? undefined : found;
  };
  const bytes = (keyword: Keyword): Buffer | null => {
    const found = element(keyword);
    if (found === undefined) return null;
    const { byteArray } = dataSet;
    const end = found.dataOffset + found.length;
    if (end > byteArray.length) throw tagError(file, keyword, 'runs beyond the end of the file', 'a whole file');
    return Buffer.from(byteArray.buffer, byteArray.byteOffset + found.dataOffset, found.length);
  };
  const text = (keyword: Keyword): string | null => {
    const value = trimmed(bytes(keyword)?.toString('latin1') ?? '');
    return value === '' ? null : value;
  };
  const binary = (keyword: Keyword, width: number, read: (at: number) => number): number[] | null => {
    const found = element(keyword);
    if (found === undefined) return null;
    if (found.length % width !== 0 || found.dataOffset + found.length > dataSet.byteArray.length)
      throw tagError(file, keyword, `has ${found.length} bytes`, `${width} for each number`);
    return Array.from({ length: found.length / width }, (_, k) => read(found.dataOffset + k * width));
  };
  const parser = dataSet.byteArrayParser;
  const raw = (keyword: Keyword): number[] | null => {
    const [, kind] = dictionary[keyword];
    const bytes = dataSet.byteArray;
    if (kind === 'us' || kind === 'xs') return binary(keyword, 2, (at) => parser.readUint16(bytes, at));
    if (kind === 'ul') return binary(keyword, 4, (at) => parser.readUint32(bytes, at));
    if (kind === 'double') return binary(keyword, 8, (at) => parser.readDouble(bytes, at));
    if (kind === 'float') return binary(keyword, 4, (at) => parser.readFloat(bytes, at));
    return (
      text(keyword)
        ?.split('\\')
        .map((part) => (trimmed(part) === '' ? Number.NaN : Number(part))) ?? null
    );
  };
  const numbers = (keyword: Keyword, count?: number): readonly number[] | null => {
    const values = raw(keyword);
    if (values === null) return null;
    if (!values.every(Number.isFinite) || (count !== undefined && values.length !== count))
      throw tagError(
        file,
        keyword,
        dictionary[keyword][1] === 'decimal' ? printable(text(keyword)!) : `has ${values.length} numbers`,
        `${count ?? 'a list of'} number${count === 1 ? '' : 's'}`,
      );
    return values;
  };
  return {
    file,
    has: (keyword) => element(keyword) !== undefined,
    bytes,
    texts: (keyword) => text(keyword)?.split('\\').map(trimmed) ?? null,
    uid: (keyword) => {
      const value = text(keyword);
      return value === null ? null : toUid(value);
    },
    numbers,
    number: (keyword) => numbers(keyword, 1)?.[0] ?? null,
    whole: (keyword, signed) => {
      const value = numbers(keyword, 1)?.[0] ?? null;
      return value !== null && signed ? (value << 16) >> 16 : value;
    },
    items: (keyword) =>
      (element(keyword)?.items ?? []).flatMap(({ dataSet: item }) => (item ? [dicomTags(item, file)] : [])),
  };
};

/**
 * Returns a value that the file must have.
 * @throws NoduleTrainError `dicom-tag` if it is null
 */
export const required = <Value>(file: string, keyword: Keyword, value: Value | null, expected: string): Value => {
  if (value === null) throw tagError(file, keyword, 'is missing', expected);
  return value;
};
