/**
 * What NIfTI and NRRD have no field for: whether values are HU, and that the spacing is unknown. Our writers store it
 * as a tag in a free-text field, which other readers ignore.
 */
export interface WriterTag {
  readonly intensity: 'hu' | 'arbitrary' | null;
  readonly spacingUnknown: boolean;
}

const name = 'nodule-train';

/**
 * Formats the tag, such as "nodule-train intensity=hu spacing=unknown" (at most 52 characters); empty where there is
 * nothing to record.
 */
export const formatWriterTag = (intensity: 'hu' | 'arbitrary' | undefined, spacingUnknown: boolean): string => {
  const words = [intensity && `intensity=${intensity}`, spacingUnknown && 'spacing=unknown'].filter(Boolean);
  return words.length === 0 ? '' : [name, ...words].join(' ');
};

/** Parses the tag; a text without one gives null and false. */
export const parseWriterTag = (text: string): WriterTag => {
  const [first, ...words] = text.split(' ');
  const has = (word: string) => first === name && words.includes(word);
  return {
    intensity: has('intensity=hu') ? 'hu' : has('intensity=arbitrary') ? 'arbitrary' : null,
    spacingUnknown: has('spacing=unknown'),
  };
};
