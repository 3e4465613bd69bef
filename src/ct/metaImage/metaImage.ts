import { basename, extname } from 'node:path';
import { quoted } from '../../runtime/index.js';
import { inferIntensity } from '../imageFile/elementType.js';
import type { ImageFormat } from '../imageFile/imageFile.js';
import { modalityOf } from '../modality.js';
import { type MetaHeader, metaTypes } from './metaHeader.js';
import { readMetaImage } from './readMetaImage.js';
import { writeMetaImage } from './writeMetaImage.js';

/**
 * Infers the intensity from Modality, else from the element type. ITK writes no Modality; some tools write
 * MET_MOD_UNKNOWN. MET_MOD_OTHER is what we write for arbitrary values.
 */
const headerIntensity = ({ modality: raw, elementType }: MetaHeader) => {
  const modality = modalityOf(raw);
  if (modality === null) return inferIntensity(metaTypes.get(elementType)!);
  if (modality === 'CT') return { intensity: 'hu' } as const;
  const intensityNotes =
    modality === 'OTHER'
      ? []
      : [`its Modality is ${quoted(raw!)}, so the values are not HU ('arbitrary'). Set intensity to override.`];
  return { intensity: 'arbitrary', intensityNotes } as const;
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
      uid: basename(path, extname(path)),
      ...headerIntensity(header),
      notes: header.notes,
    };
  },
  write: (path, { intensity, ...image }, compress) => {
    const modality = intensity && (intensity === 'hu' ? 'MET_MOD_CT' : 'MET_MOD_OTHER');
    return writeMetaImage(path, { ...image, modality }, compress);
  },
};
