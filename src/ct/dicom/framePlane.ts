import { NoduleTrainError } from '../../runtime/index.js';
import type { Vector3 } from '../grid/volume.js';
import { tagName } from './dictionary.js';
import type { FrameGroups } from './frameGroups.js';
import { required } from './tags.js';

/** Where the pixels of one frame lie in the patient. */
export interface FramePlane {
  /** Centre of the first pixel, LPS mm. */
  readonly position: Vector3;
  /** The way of the column index and of the row index, as the file has them. */
  readonly rowAxis: Vector3;
  readonly columnAxis: Vector3;
  /** Distance of rows and of columns, mm. */
  readonly pixelSpacing: readonly [rows: number, columns: number];
}

/** Throws 'dicom-tag' where a tag is missing or wrong; `file` is what errors name. */
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
  const spacing = required(file, 'PixelSpacing', measures.numbers('PixelSpacing', 2), '2 numbers above 0');
  if (!spacing.every((distance) => distance > 0)) {
    throw new NoduleTrainError(
      'dicom-tag',
      `reading ${file}: tag ${tagName('PixelSpacing')} is ${spacing.join(' and ')}; wanted are 2 numbers above 0`,
    );
  }
  return {
    position: place as unknown as Vector3,
    rowAxis: axes.slice(0, 3) as unknown as Vector3,
    columnAxis: axes.slice(3) as unknown as Vector3,
    pixelSpacing: spacing as unknown as FramePlane['pixelSpacing'],
  };
};
