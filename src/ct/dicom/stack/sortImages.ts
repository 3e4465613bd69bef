import type { ImageKind, SeriesImage } from '../describeImage.js';

/** The images of a series, by whether they belong to its volume. */
export interface SortedImages {
  readonly stack: readonly SeriesImage[];
  /** The images that do not, with what they are. */
  readonly leftOut: readonly { readonly image: SeriesImage; readonly what: ImageKind }[];
  /** Whether `stack` are secondary captures with positions, as SimpleITK and others write slices. */
  readonly ofCaptures: boolean;
}

/** What of the sorting depends on: whether the user named the series. */
export interface Sorting {
  readonly isNamed?: boolean;
}

/**
 * Sorts the images of one series: a volume is made of its slices. Secondary captures with a position count as slices
 * where the series has no others, and is of CT or `isNamed`. This is the one rule for all that list, choose and read
 * series.
 */
export const sortImages = (images: readonly SeriesImage[], { isNamed = false }: Sorting = {}): SortedImages => {
  const slices = images.filter(({ kind }) => kind === 'slice');
  const captures = images.filter(
    ({ kind, slices: frames, modality }) =>
      kind === 'secondary capture' && frames.length > 0 && (isNamed || modality === 'CT'),
  );
  const stack = slices.length > 0 ? slices : captures;
  const within = new Set(stack);
  return {
    stack,
    leftOut: images.flatMap((image) => (within.has(image) ? [] : [{ image, what: image.kind }])),
    ofCaptures: slices.length === 0 && captures.length > 0,
  };
};
