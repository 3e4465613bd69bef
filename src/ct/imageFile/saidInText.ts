/**
 * What our writers put into a free text of formats that have no field for it, where other readers pass over it: whether values
 * are HU, and that the spacing is not known.
 */
export interface Said {
  readonly intensity: 'hu' | 'arbitrary' | null;
  readonly spacingUnknown: boolean;
}

const name = 'nodule-train';

/** "nodule-train intensity=hu spacing=unknown"; empty where there is nothing to say. At most 52 letters. */
export const sayInText = (intensity: 'hu' | 'arbitrary' | undefined, spacingUnknown: boolean): string => {
  const words = [intensity && `intensity=${intensity}`, spacingUnknown && 'spacing=unknown'].filter(Boolean);
  return words.length === 0 ? '' : [name, ...words].join(' ');
};

/** The other way round; a text that is not ours says nothing. */
export const saidInText = (text: string): Said => {
  const [first, ...words] = text.split(' ');
  const said = (word: string) => first === name && words.includes(word);
  return {
    intensity: said('intensity=hu') ? 'hu' : said('intensity=arbitrary') ? 'arbitrary' : null,
    spacingUnknown: said('spacing=unknown'),
  };
};
