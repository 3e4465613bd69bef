import type { ImageFile } from './imageFile.js';

/** A gap between two neighbouring slices in which others are missing. */
interface SliceGap {
  /** The slice before it, counted from 0. */
  readonly after: number;
  readonly mm: number;
  /** Slices at the usual distance that fit into it. */
  readonly missing: number;
}

type Stack = Pick<ImageFile, 'spacing' | 'slicePositions' | 'sliceNames'>;

/**
 * Widest gap that is filled by interpolation without being asked for, in slice distances: one missing slice. The
 * tolerance is that of the positions.
 */
const widestFilled = 2;
const toleranceShare = 0.05;
const toleranceMm = 0.06;

/** A group of at most so many slices beyond a wide gap is not part of the scan, but a scout or of another series. */
const mostStray = 3;
const strayDistances = 5;

/** Finds the gaps between unevenly spaced slices that are wider than two slice distances. */
export const findGaps = ({ spacing, slicePositions = [] }: Stack): readonly SliceGap[] => {
  const usual = spacing?.[2] ?? 1;
  const widest = usual * widestFilled + Math.max(usual * toleranceShare, toleranceMm);
  return slicePositions.slice(1).flatMap((place, after) => {
    const mm = place - slicePositions[after]!;
    return mm > widest ? [{ after, mm, missing: Math.max(1, Math.round(mm / usual) - 1) }] : [];
  });
};

/** Describes gaps with their figures: how many slices are missing, and between which. */
export const describeGaps = (gaps: readonly SliceGap[], stack: Stack): string => {
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0);
  const shown = gaps.slice(0, 3).map(({ after, mm, missing: here }) => {
    const size = gaps.length === 1 ? '' : `${here} `;
    return (
      `${size}between slices ${after} and ${after + 1} (counted from 0), ${Number(mm.toPrecision(4))} mm apart` +
      filesOfPair(after, stack)
    );
  });
  const more = gaps.length > shown.length ? ` and in ${gaps.length - shown.length} other gaps` : '';
  return (
    `${missing} slice${missing === 1 ? '' : 's'} missing ${shown.join(', ')}${more} ` +
    `(the median distance is ${Number(stack.spacing![2].toPrecision(4))} mm)`
  );
};

/** Names the files of two neighbouring slices, where they are known. */
export const filesOfPair = (after: number, { sliceNames }: Stack): string =>
  sliceNames === undefined ? '' : ` (${sliceNames[after]} and ${sliceNames[after + 1]})`;

/**
 * Describes the few slices that lie alone beyond a wide gap at either end, which are hardly part of the scan; null
 * where there are none.
 */
export const describeStray = (gaps: readonly SliceGap[], stack: Stack): string | null => {
  const count = stack.slicePositions!.length;
  const usual = stack.spacing![2];
  const groups = gaps
    .filter(({ mm }) => mm > strayDistances * usual)
    .flatMap(({ after, mm }) => [
      { first: 0, last: after, mm },
      { first: after + 1, last: count - 1, mm },
    ])
    .filter(({ first, last }) => last - first < mostStray && last - first + 1 < count / 2);
  const [group] = groups;
  if (group === undefined) return null;
  const { first, last, mm } = group;
  const which = first === last ? `slice ${first} lies` : `slices ${first} to ${last} lie`;
  const names = stack.sliceNames?.slice(first, last + 1).join(', ');
  return `${which} ${Number(mm.toPrecision(4))} mm away from the others${names === undefined ? '' : ` (${names})`}`;
};
