import { readDicomFile, startsLikeDicom, structureSetClass } from '../readDicomFile.js';
import { isSegmentationClass } from './readSegmentation.js';

/** What a DICOM file is as a mask: 'image', whose pixels would be labels; 'other', without pixels, such as a report. */
export type DicomMaskKind = 'segmentation' | 'structure set' | 'image' | 'other';

/**
 * The kind of mask in a DICOM file, recognised by its content. Null: it is not a DICOM file, or cannot be opened.
 * Errors call it `name`.
 */
export const dicomMaskKind = async (path: string, name = path): Promise<DicomMaskKind | null> => {
  const file = startsLikeDicom(path) ? await readDicomFile(path, name) : null;
  if (file === null) return null;
  const kind = file.tags.uid('SOPClassUID');
  if (isSegmentationClass(kind)) return 'segmentation';
  if (kind === structureSetClass) return 'structure set';
  return file.pixels === null ? 'other' : 'image';
};
