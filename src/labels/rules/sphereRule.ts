import { z } from 'zod';
import {
  type IndexIRC,
  indexIRC,
  isInside,
  knownSpacing,
  nearestIndex,
  type Vector3,
  type Volume,
  voxelCount,
  worldToIndex,
} from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Annotation } from '../annotations.js';
import type { LabelRule, RuleNodule } from './labelRule.js';

export const sphereRuleSchema = z.strictObject({
  scale: z.number().positive().max(10).default(1).describe('sphere radius, as a multiple of the annotated radius'),
});

export type SphereRuleOptions = z.input<typeof sphereRuleSchema>;

/**
 * Ground truth from annotated points and diameters alone: the voxels with centres inside the sphere (in mm), and at
 * least the voxel at the point. Needs no HU. Its `label` throws `diameter-missing` and `spacing-unknown`.
 */
export function sphereRule(input: SphereRuleOptions = {}): LabelRule {
  const options = sphereRuleSchema.parse(input);
  return {
    name: 'sphere',
    version: 1,
    options,
    files: () => [],
    fromPoints: () => true,
    label: async (volume, { annotations }) => {
      const mask = new Uint8Array(voxelCount(volume.shape));
      const nodules = annotations.map((annotation) => labelSphere(volume, mask, annotation, options.scale));
      return { mask, nodules };
    },
  };
}

const labelSphere = (volume: Volume, mask: Uint8Array, annotation: Annotation, scale: number): RuleNodule => {
  const { diameterMm, uid, line } = annotation;
  if (diameterMm === null) {
    throw new NoduleTrainError(
      'diameter-missing',
      `labelling the nodules of ${uid} as spheres: the annotation in line ${line} has no diameter. ` +
        'Add it, or choose another rule with --labels.',
    );
  }
  const radius = (scale * diameterMm) / 2;
  const spacing = knownSpacing(volume, 'drawing spheres in millimetres');
  const point = worldToIndex(volume, annotation.center);
  const center = nearestIndex(volume, annotation.center);
  const { low, high, voxels } = fillSphere(volume, mask, { point, radius, spacing });
  if (voxels > 0) return { annotation, center, boxLow: low, boxHigh: high };
  // With thick slices, no voxel centre may be inside a small sphere: label its nearest voxel, or it would be lost.
  if (isInside(volume, center)) mask[(center[0] * volume.shape[1] + center[1]) * volume.shape[2] + center[2]] = 1;
  return { annotation, center, boxLow: center, boxHigh: center };
};

interface Sphere {
  readonly point: IndexIRC;
  readonly radius: number;
  readonly spacing: Vector3;
}

const fillSphere = ({ shape }: Volume, mask: Uint8Array, { point, radius, spacing }: Sphere) => {
  const from = (axis: 0 | 1 | 2): number => Math.max(0, Math.ceil(point[axis] - radius / spacing[2 - axis]!));
  const to = (axis: 0 | 1 | 2): number =>
    Math.min(shape[axis] - 1, Math.floor(point[axis] + radius / spacing[2 - axis]!));
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [-1, -1, -1];
  let voxels = 0;
  for (let index = from(0); index <= to(0); index++)
    for (let row = from(1); row <= to(1); row++)
      for (let column = from(2); column <= to(2); column++) {
        const place = [index, row, column] as const;
        const squared = place.reduce((sum, at, axis) => sum + ((at - point[axis]!) * spacing[2 - axis]!) ** 2, 0);
        if (squared > radius ** 2) continue;
        mask[(index * shape[1] + row) * shape[2] + column] = 1;
        voxels++;
        place.forEach((at, axis) => {
          low[axis] = Math.min(low[axis]!, at);
          high[axis] = Math.max(high[axis]!, at);
        });
      }
  return { voxels, low: indexIRC(low[0]!, low[1]!, low[2]!), high: indexIRC(high[0]!, high[1]!, high[2]!) };
};
