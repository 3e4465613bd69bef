import { readDicomFile } from './readDicomFile.js';
import { isSegmentationClass } from './readSegmentation.js';
import { structureSetClass } from './readStructureSet.js';

/**
 * The kind of mask in a DICOM file; 'image' is any other object, whose pixels would be labels. Null: not a DICOM file.
 */
export const dicomMaskKind = async (path: string): Promise<'segmentation' | 'structure set' | 'image' | null> => {
  const file = await readDicomFile(path);
  if (file === null) return null;
  const kind = file.tags.uid('SOPClassUID');
  if (isSegmentationClass(kind)) return 'segmentation';
  return kind === structureSetClass ? 'structure set' : 'image';
};
