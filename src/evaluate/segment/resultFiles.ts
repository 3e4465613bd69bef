import type { Format } from './segmentOptions.js';

/** The record of a result; written last, so a result that has it is complete. */
export const RECORD_FILE = 'nodules.json';

/** Names of the files of a result, by format. `luna16-csv` is one file for the whole batch. */
export const RESULT_FILES = {
  seg: 'seg.dcm',
  labelmap: 'labelmap.dcm',
  sr: 'sr.dcm',
  nifti: 'labels.nii.gz',
  mha: 'labels.mha',
  nrrd: 'labels.nrrd',
  json: RECORD_FILE,
  csv: 'nodules.csv',
  png: 'nodules.png',
  html: 'report.html',
} as const satisfies Record<Exclude<Format, 'luna16-csv'>, string>;

/** Extensions of the image formats. */
export const IMAGE_EXTENSIONS = { nifti: '.nii.gz', mha: '.mha', nrrd: '.nrrd' } as const;

/** Formats that are DICOM objects, and so refer to a DICOM series. */
export const DICOM_FORMATS = ['seg', 'labelmap', 'sr'] as const satisfies readonly Format[];

/**
 * Lists the files of a result by the formats that were requested, without the log. Probabilities are written in the
 * image formats, or as NIfTI if there are none.
 */
export function requestedFiles(formats: readonly Format[], probabilities: boolean): string[] {
  const files = formats.flatMap((format) => (format === 'luna16-csv' ? [] : [RESULT_FILES[format]]));
  return probabilities ? [...files, ...probabilityFiles(formats)] : files;
}

/** Image formats among the requested ones. */
export const imageFormats = (formats: readonly Format[]): (keyof typeof IMAGE_EXTENSIONS)[] =>
  formats.filter((format): format is keyof typeof IMAGE_EXTENSIONS => format in IMAGE_EXTENSIONS);

/** Names of the images of probabilities. */
export function probabilityFiles(formats: readonly Format[]): string[] {
  const images = imageFormats(formats);
  return (images.length > 0 ? images : (['nifti'] as const)).map(
    (format) => `probabilities${IMAGE_EXTENSIONS[format]}`,
  );
}
