import { basename, extname } from 'node:path';
import { z } from 'zod';
import { NoduleTrainError } from '../runtime/error.js';
import { checkOptions } from './checkOptions.js';
import { elementTypes } from './elementType.js';
import type { MetaHeader } from './metaHeader.js';
import { readMetaImage } from './readMetaImage.js';
import { storeValues } from './storeValues.js';
import { type Geometry, type MaskVolume, type Volume, voxelCount } from './volume.js';
import { writeMetaImage } from './writeMetaImage.js';

/** Options of `readVolume`. */
export const readOptionsSchema = z.strictObject({
  /** Overrides what the file and its values suggest. */
  intensity: z.enum(['hu', 'arbitrary']).optional(),
});

export type ReadOptions = z.input<typeof readOptionsSchema> & {
  /** Told once per file where int16 cannot hold its values exactly; by default a warning of the process. */
  onNote?: (text: string) => void;
};

/** What is read and written so far; the other formats of a hospital come with their own readers. */
const extensions = ['.mhd', '.mha'];

const checkExtension = (path: string, doing: string): void => {
  if (extensions.includes(extname(path).toLowerCase())) return;
  throw new NoduleTrainError(
    'scan-format',
    `${doing} ${path}: the extension is "${extname(path)}"; wanted is one of ${extensions.join(', ')} (MetaImage): convert the file first`,
  );
};

/** File name without its extension, which in LUNA16 is the series' UID. */
export const uidOf = (path: string): string => basename(path, extname(path));

/** A float image holds HU only if it has something darker than fat: rescaled ones start at 0 or near it. */
const darkestOfArbitraryFloats = -200;

const intensityOf = (header: MetaHeader, min: number): Volume['intensity'] => {
  if (header.modality !== null && !/UNKNOWN$/.test(header.modality)) {
    return header.modality === 'MET_MOD_CT' ? 'hu' : 'arbitrary';
  }
  if (!elementTypes.get(header.elementType)!.holdsHu) return 'arbitrary';
  const isFloat = header.elementType === 'MET_FLOAT' || header.elementType === 'MET_DOUBLE';
  return isFloat && min > darkestOfArbitraryFloats ? 'arbitrary' : 'hu';
};

const geometryOf = ({ shape, spacing, origin, direction }: Geometry): Geometry => ({
  shape,
  spacing,
  origin,
  direction,
});

/**
 * Reads a scan. Voxels are [slices, rows, columns] in the file's order, nothing is reoriented and nothing clipped.
 * Intensity is 'hu' unless the header names another modality, the element type is unsigned or 8-bit, or a float image
 * has nothing below -200. Throws NoduleTrainError with the file and the field: 'scan-missing', 'scan-format',
 * 'metaimage-header', 'metaimage-data', 'voxel-not-finite', 'voxel-range'.
 */
export const readVolume = async (path: string, { onNote = warn, ...rest }: ReadOptions = {}): Promise<Volume> => {
  const { intensity } = checkOptions(readOptionsSchema, `reading the scan ${path}`, rest);
  checkExtension(path, 'reading the scan');
  const { header, values } = await readMetaImage(path);
  const { min, max, ...stored } = storeValues(path, values, header.shape);
  if (stored.scale !== 1 || stored.offset !== 0) {
    const error = (max - min) / 65535;
    onNote(
      `${path}: int16 cannot hold values from ${min} to ${max} exactly; they are off by at most ${error.toPrecision(3)}`,
    );
  }
  return { ...geometryOf(header), ...stored, intensity: intensity ?? intensityOf(header, min), uid: uidOf(path) };
};

const warn = (text: string): void => process.emitWarning(text, { code: 'NODULE_TRAIN_INT16' });

/** Reads labels or votes: whole numbers from 0 to 255 in any element type. Throws as `readVolume`, and 'mask-value'. */
export const readMask = async (path: string): Promise<MaskVolume> => {
  checkExtension(path, 'reading the mask');
  const { header, values } = await readMetaImage(path);
  const voxels = values instanceof Uint8Array ? values : new Uint8Array(values.length);
  for (let k = 0; voxels !== values && k < values.length; k++) {
    const value = Number(values[k]);
    voxels[k] = value;
    if (voxels[k] !== value) {
      throw new NoduleTrainError(
        'mask-value',
        `reading the mask ${path}: voxel number ${k} is ${value}; wanted are whole numbers from 0 to 255: is this the scan and not its mask?`,
      );
    }
  }
  return { ...geometryOf(header), voxels, uid: uidOf(path) };
};

const checkSize = (path: string, doing: string, { shape, voxels }: Volume | MaskVolume): void => {
  checkExtension(path, doing);
  if (voxels.length !== voxelCount(shape)) {
    throw new NoduleTrainError(
      'scan-shape',
      `${doing} ${path}: it has ${voxels.length} voxels; its shape [${shape.join(', ')}] wants ${voxelCount(shape)}`,
    );
  }
};

/** Writes a scan (`.mha`, or `.mhd` with `.zraw`; `.raw` with `compress: false`). Scaled voxels go out as MET_DOUBLE. */
export const writeVolume = async (
  path: string,
  volume: Volume,
  { compress = true }: { compress?: boolean } = {},
): Promise<void> => {
  checkSize(path, 'writing the scan', volume);
  const { voxels, scale, offset, intensity } = volume;
  const exact = scale === 1 && offset === 0;
  const values = exact ? voxels : Float64Array.from(voxels, (stored) => stored * scale + offset);
  const modality = intensity === 'hu' ? 'MET_MOD_CT' : 'MET_MOD_OTHER';
  await writeMetaImage(path, { ...geometryOf(volume), values, modality }, compress);
};

/** Writes labels as MET_UCHAR. */
export const writeMask = async (
  path: string,
  mask: MaskVolume,
  { compress = true }: { compress?: boolean } = {},
): Promise<void> => {
  checkSize(path, 'writing the mask', mask);
  await writeMetaImage(path, { ...geometryOf(mask), values: mask.voxels }, compress);
};
