import { NoduleTrainError } from '../../../runtime/index.js';
import { type Arranged, arrangeSlices, differenceOf } from '../arrangeSlices.js';
import type { SeriesImage } from '../describeImage.js';
import { tagName } from '../dictionary.js';
import type { Slice } from '../slice.js';
import { type Sorting, sortImages } from './sortImages.js';

/** Images apart from the stack are strays only if the stack has this many times their number. */
const leastShare = 3;

/** Images of one grid that are still strays, such as a scout from the front and one from the side. */
const mostOfOneGrid = 2;

/**
 * Arranges the images of a series into a volume. Images of other kinds, and single images of another size or
 * orientation or without position, are left out with a note, unless the stack would then have a gap.
 * @throws NoduleTrainError the fault of an image that belongs to it; `dicom-series` if none does; what `arrangeSlices`
 * throws
 */
export const arrangeImages = (dir: string, images: readonly SeriesImage[], sorting: Sorting = {}): Arranged => {
  const { stack, leftOut, ofCaptures } = sortImages(images, sorting);
  if (stack.length === 0) throw noSlices(dir, images, sorting);
  const { main, strays } = findStrays(stack);
  const arranged = arrangeAll(dir, main);
  // A stray that fills a gap of the stack is one of its slices, damaged.
  if (strays.length > 0 && arranged.slicePositions !== undefined) return arrangeAll(dir, stack);
  const notes = [
    ...countNotes(leftOut.map(({ what }) => `${what}s ${sourceOf[what]}`).toSorted()),
    ...countNotes(strays.map(({ why }) => `images ${why}`)),
    ...(ofCaptures
      ? [`its images are secondary captures with positions (${tagName('SOPClassUID')}), read as slices`]
      : []),
    ...repairNotes(main),
    ...detectorNotes(main.flatMap(({ slices }) => slices)),
  ];
  return { ...arranged, notes: [...notes, ...arranged.notes] };
};

const sourceOf = {
  slice: '',
  localizer: '(ImageType)',
  'secondary capture': '(SOPClassUID)',
  'colour image': '(PhotometricInterpretation)',
} as const;

const noSlices = (dir: string, images: readonly SeriesImage[], { isNamed = false }: Sorting): NoduleTrainError => {
  const colour = images.find(({ kind }) => kind === 'colour image');
  if (colour?.fault) return colour.fault;
  const count = (kind: SeriesImage['kind']): number => images.filter((image) => image.kind === kind).length;
  const advice = images.some(({ kind, slices }) => kind === 'secondary capture' && slices.length > 0)
    ? 'If these captures are slices, name their series (series)'
    : 'Choose another series';
  return new NoduleTrainError(
    'dicom-series',
    `reading ${dir}: found only localizers (${count('localizer')}) and secondary captures ` +
      `(${count('secondary capture')}), expected slices of a scan. ${isNamed ? 'Choose another series' : advice}.`,
  );
};

const arrangeAll = (dir: string, images: readonly SeriesImage[]): Arranged => {
  for (const { fault } of images) if (fault !== null) throw fault;
  return arrangeSlices(dir, images.flatMap(({ slices }) => slices) as unknown as readonly [Slice, ...Slice[]]);
};

/** Separates images that cannot be in one stack with the others; all are `main` where no part is clearly larger. */
const findStrays = (
  images: readonly SeriesImage[],
): { readonly main: readonly SeriesImage[]; readonly strays: readonly { readonly why: string }[] } => {
  const none = { main: images, strays: [] };
  const groups: [SeriesImage, ...SeriesImage[]][] = [];
  const unplaced: SeriesImage[] = [];
  for (const image of images) {
    const [slice] = image.slices;
    if (slice === undefined) {
      // The fault of an image with a position is that of a slice.
      if (image.isPlaced) return none;
      unplaced.push(image);
      continue;
    }
    const group = groups.find(([{ slices }]) => gridDifference(slices[0]!, slice) === null);
    if (group === undefined) groups.push([image]);
    else group.push(image);
    if (groups.length > images.length / leastShare + 1) return none;
  }
  const [main, ...others] = groups.sort((a, b) => b.length - a.length);
  const apart = others.flat();
  if (
    main === undefined ||
    others.some((group) => group.length > mostOfOneGrid) ||
    (apart.length + unplaced.length) * leastShare > main.length
  )
    return none;
  const strays = [
    ...apart.map((image) => ({ why: `of another ${gridDifference(main[0].slices[0]!, image.slices[0]!)}` })),
    ...unplaced.map(() => ({ why: `without ${tagName('ImagePositionPatient')}` })),
  ];
  return { main, strays };
};

/** In what two slices differ that no slices of one stack do, apart from the frame of reference. */
const gridDifference = (a: Slice, b: Slice): string | null => {
  const difference = differenceOf(a, b);
  return difference === null || difference.what === tagName('FrameOfReferenceUID') ? null : difference.what;
};

/** "skipping 2 localizers (ImageType) of the series", for each kind. */
const countNotes = (whats: readonly string[]): string[] =>
  [...new Set(whats)].map((what) => {
    const count = whats.filter((one) => one === what).length;
    return `skipping ${count} ${what} of the series`;
  });

const repairNotes = (images: readonly SeriesImage[]): string[] => {
  const counts = new Map<string, number>();
  for (const { repairs } of images) for (const repair of repairs) counts.set(repair, (counts.get(repair) ?? 0) + 1);
  return [...counts].map(([repair, count]) =>
    images.length === 1 ? repair : `in ${count} of ${images.length} files: ${repair}`,
  );
};

const detectorNotes = (slices: readonly Slice[]): string[] => {
  const count = slices.filter(({ atDetector }) => atDetector).length;
  return count === 0
    ? []
    : [
        `${tagName('PixelSpacing')} is missing in ${count} of ${slices.length} slices, so the spacing at the detector ` +
          `(${tagName('ImagerPixelSpacing')}) is used; sizes may be magnified`,
      ];
};
