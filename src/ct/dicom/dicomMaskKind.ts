import { readDicomFile } from './readDicomFile.js';
import { segmentationClass } from './readSegmentation.js';
import { structureSetClass } from './readStructureSet.js';

/** What kind of mask a DICOM file is; 'image' is one whose pixels are labels. Null: the file is none of DICOM's. */
export const dicomMaskKind = async (path: string): Promise<'segmentation' | 'structure set' | 'image' | null> => {
  const file = await readDicomFile(path);
  if (file === null) return null;
  const kind = file.tags.uid('SOPClassUID');
  if (kind === segmentationClass) return 'segmentation';
  return kind === structureSetClass ? 'structure set' : 'image';
};
