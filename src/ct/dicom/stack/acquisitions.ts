import { NoduleTrainError } from '../../../runtime/index.js';
import { type Phase, type PhaseAttribute, phaseAttributes } from '../phase.js';
import type { Slice } from '../slice.js';

/** One of several acquisitions, phases or reconstructions of the same volume. */
export interface Acquisition {
  /** By which `--acquisition` chooses it: AcquisitionNumber or the temporal position, else its place in the list. */
  readonly number: number;
  readonly slices: readonly [Slice, ...Slice[]];
}

/** Attributes whose values are the numbers of the acquisitions. */
const numbering: ReadonlySet<PhaseAttribute> = new Set(['acquisition', 'temporal position']);

/** Acquisitions that an error lists. */
const mostListed = 20;

/**
 * Separates slices into acquisitions by the first attribute, or else the first two, whose values do so; null if none
 * does. `accept` tells whether the slices of one value can be one volume, and `most` bounds the number of values.
 */
export const separateAcquisitions = (
  slices: readonly Slice[],
  accept: (group: readonly Slice[]) => boolean,
  most: number,
): readonly Acquisition[] | null => {
  const varying = phaseAttributes.filter((one) => new Set(slices.map(({ phase }) => phase[one])).size > 1);
  const pairs = varying.flatMap((a, k) => varying.slice(k + 1).map((b) => [a, b]));
  for (const attributes of [...varying.map((one) => [one]), ...pairs]) {
    const groups = groupBy(slices, attributes);
    if (groups.length < 2 || groups.length > most || !groups.every(accept)) continue;
    const sorted = groups.sort((a, b) => compare(a[0].phase, b[0].phase, attributes));
    const numbers = sorted.map(([{ phase }]) => Number(phase[attributes[0]!]));
    const isNumbered =
      attributes.length === 1 && numbering.has(attributes[0]!) && numbers.every((number) => number >= 0);
    return sorted.map((group, k) => ({ number: isNumbered ? numbers[k]! : k + 1, slices: group }));
  }
  return null;
};

const groupBy = (slices: readonly Slice[], attributes: readonly PhaseAttribute[]): [Slice, ...Slice[]][] => {
  const groups = new Map<string, [Slice, ...Slice[]]>();
  for (const slice of slices) {
    const key = attributes.map((one) => slice.phase[one] ?? '').join('\0');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [slice]);
    else group.push(slice);
  }
  return [...groups.values()];
};

const compare = (a: Phase, b: Phase, attributes: readonly PhaseAttribute[]): number => {
  for (const one of attributes) {
    const [left, right] = [a[one] ?? '', b[one] ?? ''];
    if (left === right) continue;
    const difference = Number(left) - Number(right);
    return Number.isNaN(difference) ? (left < right ? -1 : 1) : difference;
  }
  return 0;
};

/**
 * Chooses the acquisition that `requested` names: 'first', 'last', or its number.
 * @throws NoduleTrainError `dicom-acquisition` with the list, if it names none, or without a request
 */
export const chooseAcquisition = (
  dir: string,
  acquisitions: readonly Acquisition[],
  requested: string | undefined,
): Acquisition => {
  const chosen =
    requested === 'first'
      ? acquisitions[0]
      : requested === 'last'
        ? acquisitions.at(-1)
        : acquisitions.find(({ number }) => number === Number(requested));
  if (chosen !== undefined) return chosen;
  const listed = describeAcquisitions(acquisitions);
  const more = listed.length > mostListed ? [`and ${listed.length - mostListed} more`] : [];
  const list = [...listed.slice(0, mostListed), ...more].join('; ');
  const expected = requested === undefined ? 'one' : `one of them, found acquisition ${requested}`;
  throw new NoduleTrainError(
    'dicom-acquisition',
    `reading ${dir}: the series has ${acquisitions.length} acquisitions of the same slices (${list}), expected ` +
      `${expected}. Choose one with --acquisition N, first or last.`,
  );
};

const units: Partial<Record<PhaseAttribute, string>> = {
  'cardiac phase': ' %',
  'trigger time': ' ms',
  'echo time': ' ms',
  'tube voltage': ' kV',
  'slice thickness': ' mm',
};

/** Describes each by the attributes in which they differ. Times are from the earliest, as no time of day is shown. */
export const describeAcquisitions = (acquisitions: readonly Acquisition[]): string[] => {
  const valuesOf = (one: PhaseAttribute, { slices }: Acquisition): Set<string | undefined> =>
    new Set(slices.map(({ phase }) => phase[one]));
  const timeOf = ({ slices }: Acquisition): number => Math.min(...slices.map(({ phase }) => Number(phase.time)));
  const earliest = Math.min(...acquisitions.map(timeOf));
  const telling = phaseAttributes.filter(
    (one) =>
      one !== 'time' &&
      acquisitions.every((group) => valuesOf(one, group).size === 1) &&
      new Set(acquisitions.map(({ slices: [first] }) => first.phase[one])).size > 1,
  );
  return acquisitions.map((group) => {
    const { number, slices } = group;
    const parts = telling
      .filter((one) => !(numbering.has(one) && Number(slices[0].phase[one]) === number))
      .map((one) => {
        const value = slices[0].phase[one];
        return value === undefined ? `no ${one}` : `${one} ${value}${units[one] ?? ''}`;
      });
    const seconds = timeOf(group) - earliest;
    if (Number.isFinite(seconds) && new Set(acquisitions.map(timeOf)).size > 1)
      parts.push(`at ${Number(seconds.toFixed(2))} s`);
    return `${number}: ${[`${slices.length} slices`, ...parts].join(', ')}`;
  });
};
