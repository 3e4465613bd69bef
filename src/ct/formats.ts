import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { NoduleTrainError } from '../runtime/index.js';
import { dicom } from './dicom/dicom.js';
import type { ImageFormat } from './imageFile/imageFile.js';
import { metaImage } from './metaImage/metaImage.js';
import { nifti } from './nifti/nifti.js';
import { nrrd } from './nrrd/nrrd.js';

/** Every format, in the order in which a file's name is compared. */
const formats: readonly ImageFormat[] = [metaImage, nifti, nrrd, dicom];

const extensionOf = (path: string): string | undefined =>
  formats.flatMap(({ extensions }) => extensions).find((extension) => path.toLowerCase().endsWith(extension));

/** Whether the name is that of an image in one of the formats; of a folder it says nothing. */
export const isImageFile = (path: string): boolean => extensionOf(path) !== undefined;

/** The format that the name says; of a folder DICOM. Throws 'scan-format', which names all of them; `doing` is such as "reading the scan". */
export const formatOf = (path: string, doing: string): ImageFormat => {
  const extension = extensionOf(path);
  const format = formats.find(({ extensions }) => extension !== undefined && extensions.includes(extension));
  if (format !== undefined) return format;
  if (isFolder(path)) return dicom;
  if (/\.(hdr|img)(\.gz)?$/i.test(path)) {
    throw new NoduleTrainError(
      'scan-format',
      `${doing} ${path}: a NIfTI or Analyze image in two files (.hdr and .img) is not read; wanted is one file: convert it to .nii.gz`,
    );
  }
  const known = formats.map(({ name, extensions }) => `${extensions.join(', ')} (${name})`).join('; ');
  throw new NoduleTrainError(
    'scan-format',
    `${doing} ${path}: the extension is "${basename(path).match(/\.[^.]*$/)?.[0] ?? ''}"; wanted is one of ${known}: convert the file first`,
  );
};

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** File name without its extension, which in LUNA16 is the series' UID. */
export const uidOf = (path: string): string => {
  const name = basename(path);
  const extension = extensionOf(name);
  return extension === undefined ? name.replace(/\.[^.]*$/, '') : name.slice(0, -extension.length);
};
