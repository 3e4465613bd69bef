import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { NoduleTrainError } from '../runtime/index.js';
import { dicom } from './dicom/dicom.js';
import { startsLikeDicom } from './dicom/readDicomFile.js';
import type { ImageFormat } from './imageFile/imageFile.js';
import { metaImage } from './metaImage/metaImage.js';
import { nifti } from './nifti/nifti.js';
import { nrrd } from './nrrd/nrrd.js';

/** Every format, in the order in which extensions are compared. */
const formats: readonly ImageFormat[] = [metaImage, nifti, nrrd, dicom];

const extensionOf = (path: string): string | undefined =>
  formats.flatMap(({ extensions }) => extensions).find((extension) => path.toLowerCase().endsWith(extension));

/** Whether the name has the extension of a format other than DICOM, whose files hold one image each. */
export const isSingleImage = (path: string): boolean => {
  const extension = extensionOf(path);
  return extension !== undefined && !dicom.extensions.includes(extension);
};

/** Whether the name has the extension of a known image format. Folders (DICOM series) are not recognised. */
export const isImageFile = (path: string): boolean => extensionOf(path) !== undefined;

/**
 * Infers the format of a file from its extension; a folder is DICOM, and a file of another or no extension that is
 * DICOM by content. `doing` begins the error, such as "reading the scan".
 * @throws NoduleTrainError `scan-missing` if a file to read does not exist; `scan-format` with the list of formats
 */
export const inferFormat = (path: string, doing: string): ImageFormat => {
  const extension = extensionOf(path);
  const format = formats.find(({ extensions }) => extension !== undefined && extensions.includes(extension));
  if (format !== undefined) return format;
  if (isFolder(path) || startsLikeDicom(path)) return dicom;
  if (doing.startsWith('reading') && !existsSync(path))
    throw new NoduleTrainError(
      'scan-missing',
      `${doing} ${path || '""'}: there is no such file or folder. Check the path.`,
    );
  if (/\.(hdr|img)(\.gz)?$/i.test(path)) {
    throw new NoduleTrainError(
      'scan-format',
      `${doing} ${path}: found a NIfTI or Analyze image in two files (.hdr and .img), expected one file. Convert ` +
        'it to .nii.gz.',
    );
  }
  const known = formats.map(({ name, extensions }) => `${extensions.join(', ')} (${name})`).join('; ');
  throw new NoduleTrainError(
    'scan-format',
    `${doing} ${path}: the extension is "${basename(path).match(/\.[^.]*$/)?.[0] ?? ''}", expected one of ` +
      `${known}. Convert the file first.`,
  );
};

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** File name without its extension; in LUNA16 that is the series UID. */
export const uidOf = (path: string): string => {
  const name = basename(path);
  const extension = extensionOf(name);
  return extension === undefined ? name.replace(/\.[^.]*$/, '') : name.slice(0, -extension.length);
};
