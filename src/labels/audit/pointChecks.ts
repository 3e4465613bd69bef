import { bodyInSlice, type Index3, type Volume } from '../../ct/index.js';
import { type AuditFlag, type NoduleToAudit, tolerances } from './auditTypes.js';

export const isOutsideVolume = ({ shape }: Pick<Volume, 'shape'>, center: Index3): boolean =>
  center.some((place, axis) => place < 0 || place >= shape[axis]!);

/** Flags points outside the volume. */
export function outsideVolume(volume: Volume, nodules: readonly NoduleToAudit[]): AuditFlag[] {
  return nodules.flatMap(({ center }, nodule) =>
    isOutsideVolume(volume, center)
      ? [
          {
            check: 'outside-volume' as const,
            severity: 'error' as const,
            nodule,
            message:
              `The point is at slice, row, column ${center.join(', ')}, ` +
              `outside the volume of ${volume.shape.join(' × ')} voxels.`,
            figures: { center, shape: volume.shape },
          },
        ]
      : [],
  );
}

/**
 * Flags points inside the volume but in the air or the table around the patient: too far from body and lungs in their
 * slice.
 */
export function outsideBody(volume: Volume, lungs: Uint8Array, nodules: readonly NoduleToAudit[]): AuditFlag[] {
  const [, rows, columns] = volume.shape;
  const [sx, sy] = volume.spacing!;
  const bodies = new Map<number, Uint8Array>();
  return nodules.flatMap(({ center }, nodule): AuditFlag[] => {
    if (isOutsideVolume(volume, center)) return [];
    const [slice, row, column] = center;
    const body = bodies.get(slice) ?? bodyInSlice(volume, slice);
    bodies.set(slice, body);
    let nearestMm = Number.POSITIVE_INFINITY;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const at = r * columns + c;
        if (body[at] === 0 && lungs[slice * rows * columns + at] === 0) continue;
        nearestMm = Math.min(nearestMm, Math.hypot((r - row) * sy, (c - column) * sx));
      }
    }
    if (nearestMm <= tolerances.bodyMm) return [];
    const far = Number.isFinite(nearestMm);
    return [
      {
        check: 'outside-body',
        severity: 'error',
        nodule,
        message: far
          ? `The point is ${nearestMm.toFixed(0)} mm from the body in its slice.`
          : 'The slice of the point contains no body.',
        figures: far ? { fromBodyMm: Math.round(nearestMm) } : {},
      },
    ];
  });
}
