import type { ImageFormat } from '../imageFile/imageFile.js';
import { readNifti } from './readNifti.js';
import { writeNifti } from './writeNifti.js';

/** NIfTI-1 and NIfTI-2 in one file. `inferFormat` refuses pairs of .hdr and .img. */
export const nifti: ImageFormat = {
  name: 'NIfTI',
  extensions: ['.nii', '.nii.gz'],
  read: readNifti,
  write: writeNifti,
};
