import { NoduleTrainError } from '../../../runtime/index.js';
import type { PlacedLabels } from './layOnSlices.js';

/** One frame of a segmentation. */
export interface SegmentationFrame {
  /** Slice of the series. */
  readonly slice: number;
  /** Segment of a BINARY frame; null in a LABELMAP, whose frames hold all segments. */
  readonly segment: number | null;
}

export interface Frames {
  readonly frames: readonly SegmentationFrame[];
  readonly pixels: Uint8Array;
}

/** Which frames to write beside those with marked pixels. */
export interface FrameOptions {
  /** Pixels in a frame. */
  readonly size: number;
  readonly slices: number;
  /** Also frames without marked pixels. */
  readonly allFrames: boolean;
}

/**
 * Makes the frames of a BINARY segmentation: one for each segment and slice, with one bit per pixel, packed over all
 * frames without padding, lowest bit first (PS3.5 section 8.1.1). A segment without any pixel has one empty frame, as
 * a multi-frame image has at least one.
 * @throws NoduleTrainError `dicom-write` for more pixels than a DICOM file holds
 */
export function binaryFrames(labels: PlacedLabels, { size, slices, allFrames }: FrameOptions): Frames {
  const frames: SegmentationFrame[] = [];
  const marked: (Int32Array | undefined)[] = [];
  for (const [segment, pixels] of labels) {
    const every = Array.from({ length: slices }, (_, slice) => slice);
    const written = allFrames ? every : pixels.size > 0 ? [...pixels.keys()] : [slices >> 1];
    for (const slice of written) {
      frames.push({ slice, segment });
      marked.push(pixels.get(slice));
    }
  }
  const bytes = new Uint8Array(checkedLength(Math.ceil((frames.length * size) / 8), frames.length));
  for (const [frame, pixels] of marked.entries()) {
    for (const pixel of pixels ?? []) {
      const bit = frame * size + pixel;
      bytes[Math.floor(bit / 8)]! |= 1 << (bit % 8);
    }
  }
  return { frames, pixels: bytes };
}

/**
 * Makes the frames of a LABELMAP: one for each slice, each pixel with the number of its segment, 0 in the background,
 * in 8 bits or in 16 where a number is above 255. Without any label there is one empty frame.
 * @throws NoduleTrainError `dicom-write` for more pixels than a DICOM file holds
 */
export function labelmapFrames(
  labels: PlacedLabels,
  { size, slices, allFrames }: FrameOptions,
): Frames & { readonly bits: 8 | 16 } {
  const bits = [...labels.keys()].some((number) => number > 255) ? 16 : 8;
  const used = new Set([...labels.values()].flatMap((pixels) => [...pixels.keys()]));
  if (used.size === 0) used.add(slices >> 1);
  const chosen = allFrames ? Array.from({ length: slices }, (_, slice) => slice) : [...used].sort((a, b) => a - b);
  checkedLength((chosen.length * size * bits) / 8, chosen.length);
  const values = new (bits === 16 ? Uint16Array : Uint8Array)(chosen.length * size);
  const frameOf = new Map(chosen.map((slice, frame) => [slice, frame]));
  for (const [number, bySlice] of labels)
    for (const [slice, pixels] of bySlice)
      for (const pixel of pixels) values[frameOf.get(slice)! * size + pixel] = number;
  const pixels = new Uint8Array(values.buffer);
  // The file is little-endian.
  if (bits === 16 && new Uint8Array(Uint16Array.of(1).buffer)[0] === 0) Buffer.from(pixels.buffer).swap16();
  return { frames: chosen.map((slice) => ({ slice, segment: null })), pixels, bits };
}

/** The longest value of an element: its length is even and has 32 bits, of which the highest value is special. */
const MOST_BYTES = 0xfffffffe;

function checkedLength(length: number, frames: number): number {
  if (length <= MOST_BYTES) return length;
  throw new NoduleTrainError(
    'dicom-write',
    `writing a DICOM SEG: its ${frames} frames have ${length} bytes, expected at most ${MOST_BYTES}. Omit --all-frames, ` +
      'or raise --minimum-score or --minimum-voxels.',
  );
}
