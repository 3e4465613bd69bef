import { basename } from 'node:path';
import { NoduleTrainError } from '../../../runtime/index.js';
import { checkFrame, readFrame } from '../frames/readFrame.js';
import type { Slice } from '../slice.js';

/**
 * Keeps one slice per position: copies with the same pixels are skipped, with a note.
 * @throws NoduleTrainError `dicom-slices` if two slices at one position differ, as in a series of several phases or
 * reconstructions
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
      const same = sameValues(first, other) && pixels.equals(await frameOf(other));
      if (!same) {
        throw new NoduleTrainError(
          'dicom-slices',
          `reading ${dir}: ${several.length} of ${places.length} positions have several slices, and their pixels ` +
            `differ: ${basename(first.path)} and ${basename(other.path)} are both at ${first.position.join(', ')} ` +
            'mm, expected one slice per position. Keep the files of one phase.',
        );
      }
      copies++;
    }
  }
  const notes = copies === 0 ? [] : [`skipping ${copies} slices that are copies of another file, with the same pixels`];
  return { slices: places.map(([slice]) => slice) as unknown as readonly [Slice, ...Slice[]], notes };
};

/** Whether equal pixel bytes of two slices mean equal values. */
const sameValues = (a: Slice, b: Slice): boolean =>
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
