import { isInside, type Volume } from '../../ct/index.js';
import type { RuleNodule } from '../rules/labelRule.js';
import type { LostFate } from './labelFate.js';
import { likelyCause, pointCauses } from './pointCauses.js';

/** Describes what became of an annotation for which a rule labelled no voxel and no reader marked one. */
export function fateWithoutVoxel(volume: Volume, { annotation, center }: Pick<RuleNodule, 'annotation' | 'center'>) {
  const { shape, voxels, scale, offset, intensity } = volume;
  const place = `slice, row, column ${center.join(', ')}`;
  if (isInside(volume, center)) {
    const value = voxels[(center[0] * shape[1] + center[1]) * shape[2] + center[2]]! * scale + offset;
    const unit = intensity === 'hu' ? ` (${value.toFixed(0)} HU)` : '';
    return { fate: 'no-voxel', reason: `No voxel is labelled at ${place}${unit}.` } as const satisfies LostFate;
  }
  const causes = pointCauses(volume, annotation.center);
  const cause = likelyCause([{ causes }]);
  const would = cause === null ? '' : ` Read ${cause.text}, it would be inside.`;
  const reason = `The point is at ${place}, outside the volume of ${shape.join(' × ')} voxels.${would}`;
  return { fate: 'outside', reason, causes } as const satisfies LostFate;
}
