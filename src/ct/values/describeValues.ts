import type { ValueFinding } from './examineValues.js';

/**
 * Describes values that are not Hounsfield units but were made from them: where air and soft tissue are, the likely
 * cause, and the option that reads them right.
 */
export const describeValues = ({ kind, looksLike, rescale, dark, soft }: ValueFinding): string => {
  const [air, tissue] = [dark, soft].map((value) => Number(value.toPrecision(3)));
  const found = `air or lung is near ${air} and soft tissue near ${tissue}, expected near -900 and 0 HU`;
  if (kind === 'hu')
    return `air or lung is near ${air} and soft tissue near ${tissue}, as in HU. Read them with --intensity hu`;
  const fix =
    rescale === null
      ? 'Use the original scan, or give the slope and intercept that make them HU (--rescale SLOPE,INTERCEPT)'
      : `Read them with --rescale ${rescale.join(',')}${/or so|attenuation/.test(looksLike) ? ' or the exact figures' : ''}`;
  return `${found}; they look like ${looksLike}. ${fix}, or with --intensity arbitrary`;
};
