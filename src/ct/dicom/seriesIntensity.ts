import type { ImageFile } from '../imageFile/imageFile.js';
import { isOfCt, mayBeCt } from '../modality.js';
import type { Slice } from './slice.js';

type SeriesIntensity = Pick<ImageFile, 'intensity' | 'mayBeHu' | 'intensityNotes'>;

const override = 'Set intensity to override.';

/**
 * Decides what the values of a series are by its modality and rescale tags; each assumption is a note. `modality` is
 * that of the series, null where it is missing or not a term of the standard.
 */
export const seriesIntensity = (slices: readonly [Slice, ...Slice[]], modality: string | null): SeriesIntensity => {
  const { sopClass } = slices[0];
  const called = modality === null ? 'it has no valid modality' : `its modality is ${modality}`;
  if (slices.every(({ hu }) => hu)) {
    const why = isOfCt(modality, sopClass) ? 'its class is of a CT' : 'its RescaleType is HU';
    const intensityNotes =
      modality === 'CT' ? [] : [`${called}, but ${why}: its values are Hounsfield units. ${override}`];
    if (slices.some(({ isUnspecified }) => isUnspecified))
      intensityNotes.push(`RescaleType is US (unspecified): the values are taken as those of a CT. ${override}`);
    return { intensity: 'hu', intensityNotes };
  }
  if (isOfCt(modality, sopClass)) {
    const intensityNotes = [
      `${modality === 'CT' ? 'the modality is CT' : 'its class is of a CT'}, but RescaleSlope and RescaleIntercept ` +
        `are missing or RescaleType is not HU, so the values are assumed to be 'arbitrary'. ${override}`,
    ];
    return { intensity: 'arbitrary', mayBeHu: true, intensityNotes };
  }
  const mayBeHu = mayBeCt(modality, sopClass);
  const verdict = mayBeHu ? "so the values are assumed to be 'arbitrary'" : "so the values are not HU ('arbitrary')";
  return { intensity: 'arbitrary', mayBeHu, intensityNotes: [`${called}, ${verdict}. ${override}`] };
};
