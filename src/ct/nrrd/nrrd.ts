import type { ImageFormat } from '../imageFile/imageFile.js';
import { readNrrd } from './readNrrd.js';
import { writeNrrd } from './writeNrrd.js';

/** NRRD, the format of 3D Slicer and teem, with an attached or a detached header. */
export const nrrd: ImageFormat = { name: 'NRRD', extensions: ['.nrrd', '.nhdr'], read: readNrrd, write: writeNrrd };
