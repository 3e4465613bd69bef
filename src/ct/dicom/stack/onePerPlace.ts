import { NoduleTrainError } from '../../../runtime/index.js';
import { type Arranged, arrangeSlices } from '../arrangeSlices.js';
import type { Slice } from '../slice.js';
import { chooseAcquisition, separateAcquisitions } from './acquisitions.js';
import { dropCopies } from './dropCopies.js';

/** Values that may distinguish slices at one position, for each slice there; times of single slices are more. */
const valuesForEach = 4;

/** Fewest slices that are a volume of their own, where positions do not tell. */
const leastSlices = 3;

/**
 * Keeps one slice per position: copies are skipped, of several acquisitions the `requested` one is taken.
 * @throws NoduleTrainError `dicom-acquisition` with a list of the acquisitions; `dicom-slices` if slices at one
 * position differ, and nothing tells them apart
 */
export const onePerPlace = async (
  dir: string,
  arranged: Arranged,
  requested: string | undefined,
): Promise<Arranged & { readonly slices: readonly [Slice, ...Slice[]] }> => {
  const { places, slicePositions } = arranged;
  const isDoubled = places.some(({ length }) => length > 1);
  if (!isDoubled && slicePositions === undefined) return { ...arranged, ...single(arranged, requested) };
  const acquisitions = isDoubled ? separateDoubled(places) : separateUneven(dir, places.flat());
  if (acquisitions !== null && (requested !== undefined || !isDoubled)) {
    const { number, slices } = chooseAcquisition(dir, acquisitions, requested);
    const chosen = arrangeSlices(dir, slices);
    const kept = await dropCopies(dir, chosen.places);
    const note = `of ${acquisitions.length} acquisitions, reading number ${number} with ${slices.length} slices`;
    return { ...chosen, slices: kept.slices, notes: [...arranged.notes, note, ...kept.notes] };
  }
  if (!isDoubled) return { ...arranged, ...single(arranged, requested) };
  try {
    const kept = await dropCopies(dir, places);
    return { ...arranged, slices: kept.slices, notes: [...arranged.notes, ...kept.notes] };
  } catch (error) {
    if (!(error instanceof NoduleTrainError) || error.code !== 'dicom-slices' || acquisitions === null) throw error;
    chooseAcquisition(dir, acquisitions, undefined);
    throw error;
  }
};

const single = ({ places, notes }: Arranged, requested: string | undefined) => ({
  slices: places.map(([slice]) => slice) as unknown as readonly [Slice, ...Slice[]],
  notes: /^\d+$/.test(requested ?? '')
    ? [...notes, `its slices are of one acquisition, so acquisition ${requested} is not looked for`]
    : notes,
});

/** Separates slices so that each acquisition has at most one image at a position; copies of a file are one image. */
const separateDoubled = (places: Arranged['places']) => {
  const placeOf = new Map(places.flatMap((place, k) => place.map((slice) => [slice, k] as const)));
  const imageOf = ({ instance, path, frame }: Slice): string => `${instance ?? path} ${frame}`;
  const most = Math.max(...places.map((place) => new Set(place.map(imageOf)).size));
  const accept = (group: readonly Slice[]): boolean => {
    const images = new Map<number, string>();
    return group.every((slice) => {
      const [place, image] = [placeOf.get(slice)!, imageOf(slice)];
      const other = images.get(place);
      images.set(place, image);
      return other === undefined || other === image;
    });
  };
  return separateAcquisitions(places.flat(), accept, most * valuesForEach);
};

/** Separates unevenly spaced slices into evenly spaced ones that overlap, as of two acquisitions that are shifted. */
const separateUneven = (dir: string, slices: readonly Slice[]) => {
  const accept = (group: readonly Slice[]): boolean =>
    group.length >= leastSlices &&
    arrangeSlices(dir, group as unknown as readonly [Slice, ...Slice[]]).slicePositions === undefined;
  const acquisitions = separateAcquisitions(slices, accept, Math.floor(slices.length / leastSlices));
  // `slices` are in order; parts that follow each other are one scan with a gap.
  const ends = acquisitions
    ?.map((group) => group.slices.map((slice) => slices.indexOf(slice)))
    .map((places) => [Math.min(...places), Math.max(...places)] as const)
    .sort((a, b) => a[0] - b[0]);
  return ends?.some(([start], k) => k > 0 && start < ends[k - 1]![1]) ? acquisitions : null;
};
