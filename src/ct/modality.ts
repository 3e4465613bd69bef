/**
 * Normalizes a modality, from DICOM (`CT`, `ct`, `CT ` padded with a space or NUL) or from MetaImage (`MET_MOD_CT`):
 * upper case, without prefix and padding. Null where it is absent, empty, or says that it is unknown.
 */
export const modalityOf = (raw: string | null | undefined): string | null => {
  const modality = (raw ?? '')
    .replace(/^[\s\0"']+|[\s\0"']+$/g, '')
    .toUpperCase()
    .replace(/^MET_MOD_/, '');
  return modality === '' || modality === 'UNKNOWN' || modality === 'NONE' ? null : modality;
};

/** Classes of CT images (PS3.4 table B.5-1), for files without a modality. */
const ctClasses = new Set([
  '1.2.840.10008.5.1.4.1.1.2', // CT Image
  '1.2.840.10008.5.1.4.1.1.2.1', // Enhanced CT Image
  '1.2.840.10008.5.1.4.1.1.2.2', // Legacy Converted Enhanced CT Image
]);

/** Whether a SOP class is that of a CT image. */
export const isCtClass = (sopClass: string | null): boolean => ctClasses.has(sopClass ?? '');

/** Whether an image is of a CT: by its modality (as `modalityOf` gives it), or without one by its SOP class. */
export const isOfCt = (modality: string | null, sopClass: string | null): boolean =>
  modality === 'CT' || (modality === null && isCtClass(sopClass));

/**
 * Modalities that do not say how an image was made: other, secondary capture, digitised film or document. Their values
 * may be those of a CT that a program saved again.
 */
const unspecific = new Set(['OT', 'OTHER', 'SC', 'DOC']);

/** Whether the values of an image may be Hounsfield units by its modality and class: those of MR and PET never are. */
export const mayBeCt = (modality: string | null, sopClass: string | null): boolean =>
  isOfCt(modality, sopClass) || modality === null || unspecific.has(modality);
