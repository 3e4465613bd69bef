import { NoduleTrainError } from '../../../runtime/index.js';
import { mostVoxels } from '../../grid/resample.js';
import type { ImageFile } from '../../imageFile/imageFile.js';
import type { PixelFormat } from '../pixelFormat.js';
import type { Slice } from '../slice.js';
import { inParallel } from './inParallel.js';
import { checkFrame, readFrame } from './readFrame.js';
import { rescaleInto, type Stored, unpackInto } from './rescale.js';

type Pixels = Pick<ImageFile, 'values' | 'slope' | 'intercept'> & { readonly notes: readonly string[] };

/** Frames read or decoded at once. */
const framesAtOnce = 6;

/**
 * Reads the pixels of slices of one size, `[slices, rows, columns]`. They are int16 with slope and intercept applied
 * per slice, where these are whole and every value fits; else as stored where all slices share slope, intercept and
 * format; else float64 with them applied.
 * @throws NoduleTrainError `dicom-pixels` if the slices are too many for memory; and what `readFrame` throws
 */
export const readPixels = async (slices: readonly [Slice, ...Slice[]]): Promise<Pixels> => {
  const [first] = slices;
  for (const slice of slices) checkFrame(slice);
  if (slices.length * pixelsOf(first) > mostVoxels) throw tooMany(slices);
  // The size of a compressed frame is known only when it is decoded, so decode one before allocating memory for all.
  if (first.syntax.compressed) await readFrame(first, new Uint8Array(first.format.frameBytes));
  return (await wholePixels(slices, false)) ?? (await wholePixels(slices, true)) ?? (await otherPixels(slices));
};

/** HU of padding pixels that int16 cannot hold: air. */
const airHu = -1024;

/** Reads int16 pixels; null where int16 cannot hold every value. With `withoutPadding` padding pixels do not count. */
const wholePixels = async (slices: readonly [Slice, ...Slice[]], withoutPadding: boolean): Promise<Pixels | null> => {
  const fits = ({ format, slope, intercept, hu, padding }: Slice): boolean =>
    format.bitsAllocated <= 16 &&
    Number.isInteger(slope) &&
    Number.isInteger(intercept) &&
    (!withoutPadding || (hu && padding !== null));
  if (!slices.every(fits)) return null;
  const pixels = pixelsOf(slices[0]);
  const values = new Int16Array(slices.length * pixels);
  let padded = 0;
  let fit = true;
  await inParallel(slices, framesAtOnce, async (slice, k) => {
    if (!fit) return;
    const into = values.subarray(k * pixels, (k + 1) * pixels);
    // 16-bit pixels are read into their final place and rescaled there.
    const bytes =
      slice.format.bitsAllocated === 16
        ? new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
        : new Uint8Array(slice.format.frameBytes);
    await readFrame(slice, bytes);
    const left = rescaleInto(into, bytes, slice, withoutPadding ? { value: slice.padding!, as: airHu } : null);
    if (left === null) fit = false;
    else padded += left;
  });
  if (!fit) return null;
  const notes = padded === 0 ? [] : [`${padded} voxels of padding, which int16 cannot hold, are set to ${airHu} HU`];
  return { values, slope: 1, intercept: 0, notes };
};

/** Reads pixels that int16 cannot hold: as stored where all slices agree, else as float64. */
const otherPixels = async (slices: readonly [Slice, ...Slice[]]): Promise<Pixels> => {
  const [{ slope, intercept, format }] = slices;
  const pixels = pixelsOf(slices[0]);
  const alike = slices.every(
    (slice) =>
      slice.slope === slope &&
      slice.intercept === intercept &&
      slice.format.bitsAllocated === format.bitsAllocated &&
      slice.format.signed === format.signed,
  );
  const values = alike ? storedValues(format, slices.length * pixels) : new Float64Array(slices.length * pixels);
  await inParallel(slices, framesAtOnce, async (slice, k) => {
    const bytes = new Uint8Array(slice.format.frameBytes);
    await readFrame(slice, bytes);
    const into = values.subarray(k * pixels, (k + 1) * pixels);
    unpackInto(into, bytes, slice.format);
    if (!alike) for (let n = 0; n < into.length; n++) into[n] = into[n]! * slice.slope + slice.intercept;
  });
  return { values, ...(alike ? { slope, intercept } : { slope: 1, intercept: 0 }), notes: [] };
};

const tooMany = ([{ name, format }, ...others]: readonly [Slice, ...Slice[]]): NoduleTrainError =>
  new NoduleTrainError(
    'dicom-pixels',
    `reading ${name}: the series has ${others.length + 1} slices of ${format.columns} x ${format.rows}, expected ` +
      `at most ${mostVoxels} voxels. Read a part of it.`,
  );

const pixelsOf = ({ format: { rows, columns } }: Slice): number => rows * columns;

const storedValues = ({ bitsAllocated, signed }: PixelFormat, count: number): Stored => {
  if (bitsAllocated === 8) return signed ? new Int8Array(count) : new Uint8Array(count);
  if (bitsAllocated === 16) return signed ? new Int16Array(count) : new Uint16Array(count);
  return signed ? new Int32Array(count) : new Uint32Array(count);
};
