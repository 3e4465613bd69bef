import type { Vector3 } from '../grid/volume.js';
import type { FrameGroups } from './frameGroups.js';
import { required, tagError } from './tags.js';

/** The position of the pixels of one frame in the patient. */
export interface FramePlane {
  /** Centre of the first pixel, LPS mm. */
  readonly position: Vector3;
  /** Directions of the column index and of the row index, as stored. */
  readonly rowAxis: Vector3;
  readonly columnAxis: Vector3;
  /** Distances between rows and between columns, mm. */
  readonly pixelSpacing: readonly [rows: number, columns: number];
}

/** The tags of the distances between pixels, in the order of preference; the last is that of secondary captures. */
const spacingTags = ['PixelSpacing', 'ImagerPixelSpacing', 'NominalScannedPixelSpacing'] as const;

/**
 * Reads the position of a frame; errors name `file`.
 * @throws NoduleTrainError `dicom-tag` if a tag is missing or invalid
 */
export const framePlane = (
  file: string,
  { position, orientation, measures }: Pick<FrameGroups, 'position' | 'orientation' | 'measures'>,
): FramePlane => {
  const place = required(file, 'ImagePositionPatient', position.numbers('ImagePositionPatient', 3), '3 numbers');
  const axes = required(
    file,
    'ImageOrientationPatient',
    orientation.numbers('ImageOrientationPatient', 6),
    '6 numbers',
  );
  const distances = spacingTags.map((tag) => measures.numbers(tag, 2)).find((found) => found !== null) ?? null;
  const spacing = required(file, 'PixelSpacing', distances, '2 numbers above 0');
  if (!spacing.every((distance) => distance > 0)) {
    throw tagError(file, 'PixelSpacing', `is ${spacing.join(' and ')}`, '2 numbers above 0');
  }
  return {
    position: place as unknown as Vector3,
    rowAxis: axes.slice(0, 3) as unknown as Vector3,
    columnAxis: axes.slice(3) as unknown as Vector3,
    pixelSpacing: spacing as unknown as FramePlane['pixelSpacing'],
  };
};
