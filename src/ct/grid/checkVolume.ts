import { NoduleTrainError } from '../../runtime/index.js';
import { cross, dot, transpose } from './matrix3.js';
import { type Matrix3, type Vector3, type Volume, voxelCount } from './volume.js';

/**
 * Checks a volume that a program made itself, and returns its fields alone, as they can be sent to a worker: JavaScript
 * has no types at run time, and a wrong grid would give wrong figures.
 * @param doing beginning of an error, such as "segmenting a scan"
 * @throws NoduleTrainError `scan-volume`
 */
export const checkVolume = (given: unknown, doing: string): Volume => {
  const refuse = (found: string, expected: string): never => {
    throw new NoduleTrainError('scan-volume', `${doing}: found ${found}, expected ${expected}`);
  };
  if (typeof given !== 'object' || given === null) return refuse(`the scan ${shown(given)}`, 'a path or a Volume');
  const volume = given as Partial<Record<keyof Volume, unknown>>;
  const { voxels, shape, spacing, origin, direction, intensity, uid, scale, offset } = volume;
  const { sliceUids, frameOfReferenceUid, resampled } = volume;
  if (!isInt16Array(voxels)) return refuse(`the voxels ${shown(voxels)}`, 'an Int16Array');
  if (!isVector(shape) || !shape.every((extent) => Number.isInteger(extent) && extent > 0))
    return refuse(`the shape ${shown(shape)}`, '[slices, rows, columns], each at least 1');
  const count = voxelCount(shape);
  if (voxels.length !== count)
    return refuse(`${voxels.length} voxels`, `${count} for the shape ${shown(shape)}. Was their buffer transferred?`);
  if (spacing !== null && !(isVector(spacing) && spacing.every((mm) => mm > 0)))
    return refuse(`the spacing ${shown(spacing)}`, '[x, y, z] in mm, each above 0, or null where it is unknown');
  if (!isVector(origin)) return refuse(`the origin ${shown(origin)}`, '[x, y, z] in mm');
  if (!isTurn(direction))
    return refuse(`the direction ${shown(direction)}`, 'three rows of a matrix whose columns are axes');
  if (!isIntensity(intensity)) return refuse(`the intensity ${shown(intensity)}`, "'hu' or 'arbitrary'");
  if (typeof uid !== 'string') return refuse(`the uid ${shown(uid)}`, 'a text');
  if (!isNumber(scale) || scale <= 0) return refuse(`the scale ${shown(scale)}`, 'a number above 0');
  if (!isNumber(offset)) return refuse(`the offset ${shown(offset)}`, 'a number');
  const areUids = (uids: unknown): uids is string[] =>
    Array.isArray(uids) && uids.length === shape[0] && uids.every((each) => typeof each === 'string');
  if (sliceUids !== undefined && !areUids(sliceUids))
    return refuse(`the sliceUids ${shown(sliceUids)}`, `${shape[0]} texts, one for each slice`);
  if (frameOfReferenceUid !== undefined && typeof frameOfReferenceUid !== 'string')
    return refuse(`the frameOfReferenceUid ${shown(frameOfReferenceUid)}`, 'a text');
  const checked = { voxels, shape, spacing, origin, direction, intensity, uid, scale, offset };
  return {
    ...checked,
    ...(sliceUids !== undefined && { sliceUids }),
    ...(frameOfReferenceUid !== undefined && { frameOfReferenceUid }),
    ...(resampled === true && { resampled }),
  };
};

/** Not instanceof: test runners give each file its own globals. */
const isInt16Array = (value: unknown): value is Int16Array =>
  Object.prototype.toString.call(value) === '[object Int16Array]';

const isIntensity = (value: unknown): value is Volume['intensity'] => value === 'hu' || value === 'arbitrary';

const isNumber = (value: unknown): value is number => Number.isFinite(value);

const isVector = (value: unknown): value is Vector3 =>
  Array.isArray(value) && value.length === 3 && value.every(isNumber);

/** Least volume that the three axes of a direction span; those of a gantry tilted by 30 degrees span 0.87. */
const LEAST_SPAN = 0.01;

const isTurn = (value: unknown): value is Matrix3 => {
  if (!Array.isArray(value) || value.length !== 3 || !value.every(isVector)) return false;
  const [x, y, z] = transpose(value as unknown as Matrix3);
  return Math.abs(dot(cross(x, y), z)) >= LEAST_SPAN;
};

/** The value in a few words. */
const shown = (value: unknown): string => {
  if (typeof value === 'number' || value === undefined || value === null) return String(value);
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (!Array.isArray(value)) return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  return value.length > 3 ? `a list of ${value.length}` : `[${value.map(shown).join(', ')}]`;
};
