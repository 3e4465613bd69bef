import { identityDirection, type Volume } from '../../dist/ct/index.js';

type Shape = Volume['shape'];

/** A scan in HU with its axes along LPS; `over` replaces its spacing of 1 mm or other fields. */
export function huVolume(uid: string, shape: Shape, voxels: Int16Array, over: Partial<Volume> = {}): Volume {
  return {
    voxels,
    intensity: 'hu',
    shape,
    spacing: [1, 1, 1],
    origin: [0, 0, 0],
    direction: identityDirection,
    uid,
    scale: 1,
    offset: 0,
    ...over,
  };
}
