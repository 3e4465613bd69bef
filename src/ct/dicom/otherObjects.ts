import type { OtherObject } from './readObjects.js';

const objectNames: Record<string, string> = {
  SEG: 'segmentation (SEG)',
  SR: 'structured report (SR)',
  PR: 'presentation state (PR)',
  KO: 'key object selection (KO)',
  DOC: 'document (DOC)',
  REG: 'registration (REG)',
  RTSTRUCT: 'structure set (RTSTRUCT)',
  RTDOSE: 'dose (RTDOSE)',
  RTPLAN: 'treatment plan (RTPLAN)',
};

/** Names an object by its modality, such as "structured report (SR)"; null where it is not one of these. */
export const objectName = (modality: string | null): string | null => objectNames[modality ?? ''] ?? null;

/** Reports the objects without pixels of a series, which are not slices. */
export const otherNotes = (others: readonly OtherObject[]): string[] => {
  if (others.length === 0) return [];
  const names = others.map(({ modality }) => objectName(modality) ?? `modality ${modality ?? 'unknown'}`);
  const counts = [...new Set(names)].map((name) => `${names.filter((one) => one === name).length} ${name}`);
  return [`skipping DICOM files of the series without an image: ${counts.join(', ')}`];
};
