import { basename } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { checkFrame, readFrame } from './frames/readFrame.js';
import type { Slice } from './slice.js';

/**
 * One slice of every place: copies of it, with the same pixels, are left out and noted. Throws 'dicom-slices' where two slices at
 * one place differ, as of several phases or reconstructions in one series.
 */
export const dropCopies = async (
  dir: string,
  places: readonly (readonly [Slice, ...Slice[]])[],
): Promise<{ readonly slices: readonly [Slice, ...Slice[]]; readonly notes: readonly string[] }> => {
  let copies = 0;
  const several = places.filter((place) => place.length > 1);
  for (const [first, ...others] of several) {
    const pixels = await frameOf(first);
    for (const other of others) {
      const same = sameWorth(first, other) && pixels.equals(await frameOf(other));
      if (!same) {
        throw new NoduleTrainError(
          'dicom-slices',
          `reading ${dir}: ${several.length} of ${places.length} places have several slices, and their pixels differ: ${basename(first.path)} and ${basename(other.path)} both lie at ${first.position.join(', ')} mm; wanted is one slice a place: keep the files of one phase`,
        );
      }
      copies++;
    }
  }
  const notes =
    copies === 0 ? [] : [`${copies} slices that another file holds too, with the same pixels, are left out`];
  return { slices: places.map(([slice]) => slice) as unknown as readonly [Slice, ...Slice[]], notes };
};

const sameWorth = (a: Slice, b: Slice): boolean =>
  a.slope === b.slope &&
  a.intercept === b.intercept &&
  a.format.frameBytes === b.format.frameBytes &&
  a.format.signed === b.format.signed &&
  a.format.bitsStored === b.format.bitsStored;

const frameOf = async (slice: Slice): Promise<Buffer> => {
  checkFrame(slice);
  const bytes = Buffer.alloc(slice.format.frameBytes);
  await readFrame(slice, bytes);
  return bytes;
};
