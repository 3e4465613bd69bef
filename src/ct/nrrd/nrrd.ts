import type { ImageFormat } from '../imageFile/imageFile.js';
import { readNrrd } from './readNrrd.js';
import { writeNrrd } from './writeNrrd.js';

/** NRRD, the format of 3D Slicer and teem, attached and detached. */
export const nrrd: ImageFormat = { name: 'NRRD', extensions: ['.nrrd', '.nhdr'], read: readNrrd, write: writeNrrd };
