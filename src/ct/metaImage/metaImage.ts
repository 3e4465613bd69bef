import { basename, extname } from 'node:path';
import { inferIntensity } from '../imageFile/elementType.js';
import type { ImageFormat } from '../imageFile/imageFile.js';
import { type MetaHeader, metaTypes } from './metaHeader.js';
import { readMetaImage } from './readMetaImage.js';
import { writeMetaImage } from './writeMetaImage.js';

/**
 * Infers the intensity from Modality, else from the element type. ITK writes no Modality; some tools write
 * MET_MOD_UNKNOWN.
 */
const headerIntensity = ({ modality, elementType }: MetaHeader) => {
  if (modality !== null && !/UNKNOWN$/.test(modality)) return modality === 'MET_MOD_CT' ? 'hu' : 'arbitrary';
  return inferIntensity(metaTypes.get(elementType)!);
};

/** MetaImage, the format of ITK and of LUNA16. */
export const metaImage: ImageFormat = {
  name: 'MetaImage',
  extensions: ['.mhd', '.mha'],
  read: async (path) => {
    const { header, values } = await readMetaImage(path);
    const { shape, spacing, origin, direction, directionField } = header;
    return {
      shape,
      spacing,
      origin,
      direction,
      directionField,
      values,
      slope: 1,
      intercept: 0,
      intensity: headerIntensity(header),
      uid: basename(path, extname(path)),
      notes: [],
    };
  },
  write: (path, { intensity, ...image }, compress) => {
    const modality = intensity && (intensity === 'hu' ? 'MET_MOD_CT' : 'MET_MOD_OTHER');
    return writeMetaImage(path, { ...image, modality }, compress);
  },
};
