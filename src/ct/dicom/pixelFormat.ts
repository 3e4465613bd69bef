import { NoduleTrainError } from '../../runtime/index.js';
import { tagName } from './dictionary.js';
import { type DicomTags, required, tagError } from './tags.js';

/** How the pixels of a frame are stored (PS3.5 section 8.1): one grey value each, in `bitsAllocated` bits. */
export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: 8 | 16 | 32;
  /** Bits of the value, up to bit `highBit`; the other bits are not part of it. */
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  /** Bytes of one frame when it is not compressed. */
  readonly frameBytes: number;
}

/**
 * Reads and checks the pixel format of an image.
 * @throws NoduleTrainError `dicom-tag` if a tag is missing or invalid; `dicom-pixels` if pixels are not grey
 * values
 */
export const pixelFormat = (tags: DicomTags): PixelFormat => {
  const { file } = tags;
  const whole = (keyword: Parameters<DicomTags['whole']>[0], fallback?: number): number =>
    required(file, keyword, tags.whole(keyword, false) ?? fallback ?? null, 'a whole number');
  const samples = whole('SamplesPerPixel', 1);
  const photometric = tags.texts('PhotometricInterpretation')?.[0] ?? 'MONOCHROME2';
  if (samples !== 1 || photometric !== 'MONOCHROME2') throw notGrey(file, samples, photometric);
  for (const keyword of ['FloatPixelData', 'DoubleFloatPixelData'] as const) {
    if (tags.has(keyword)) throw tagError(file, keyword, 'holds the pixels', 'PixelData of whole numbers');
  }
  const [rows, columns] = [whole('Rows'), whole('Columns')];
  if (rows === 0) throw tagError(file, 'Rows', 'is 0', 'at least 1');
  if (columns === 0) throw tagError(file, 'Columns', 'is 0', 'at least 1');
  const bitsAllocated = whole('BitsAllocated');
  if (bitsAllocated !== 8 && bitsAllocated !== 16 && bitsAllocated !== 32)
    throw tagError(file, 'BitsAllocated', `is ${bitsAllocated}`, '8, 16 or 32');
  const bitsStored = whole('BitsStored', bitsAllocated);
  if (bitsStored < 1 || bitsStored > bitsAllocated)
    throw tagError(file, 'BitsStored', `is ${bitsStored}`, `1 to ${bitsAllocated} (BitsAllocated)`);
  const highBit = whole('HighBit', bitsStored - 1);
  if (highBit < bitsStored - 1 || highBit >= bitsAllocated)
    throw tagError(file, 'HighBit', `is ${highBit}`, `${bitsStored - 1} to ${bitsAllocated - 1}`);
  const representation = whole('PixelRepresentation', 0);
  if (representation > 1) throw tagError(file, 'PixelRepresentation', `is ${representation}`, '0 or 1');
  return {
    rows,
    columns,
    bitsAllocated,
    bitsStored,
    highBit,
    signed: representation === 1,
    frameBytes: rows * columns * (bitsAllocated / 8),
  };
};

/** Defined terms of PhotometricInterpretation (PS3.3 C.7.6.3.1.2); any other text in this tag is not shown. */
const photometrics = /^(MONOCHROME1|PALETTE COLOR|RGB|HSV|ARGB|CMYK|YBR_\w{1,16}|XYB)$/;

const notGrey = (file: string, samples: number, photometric: string): NoduleTrainError => {
  const found = photometrics.test(photometric) || photometric === 'MONOCHROME2' ? photometric : 'another kind';
  const advice =
    found === 'MONOCHROME1'
      ? 'It is inverted and not a CT: export it as MONOCHROME2.'
      : 'It is in colour, such as a screenshot: remove it from the series.';
  return new NoduleTrainError(
    'dicom-pixels',
    `reading ${file}: tag ${tagName('PhotometricInterpretation')}: found ${found} with ${samples} ` +
      `${samples === 1 ? 'sample' : 'samples'} per pixel, expected MONOCHROME2 with one. ${advice}`,
  );
};
