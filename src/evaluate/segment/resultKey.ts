import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Provenance } from './scanResult.js';

/**
 * Computes the key of a result, the SHA-256 over all that it depends on. The device is not part of it: a scan has the
 * same UIDs whether a CPU or a GPU found its nodules.
 * @param identity from `scanIdentity`
 */
export function resultKey(
  identity: string,
  { version, libtorch, models, operatingPoint, options }: Omit<Provenance, 'key'>,
): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  const { threshold, minimumVoxels, minimumScore } = operatingPoint;
  const hashes = models.map(({ sha256 }) => sha256);
  return createHash('sha256')
    .update(JSON.stringify([identity, version, libtorch, hashes, threshold, minimumVoxels, minimumScore, sorted]))
    .digest('hex');
}

/**
 * Computes the key of the options that change the DICOM files of a result and nothing else. It is a hash, since a path
 * may have the name of a patient.
 */
export function dicomKey({ reference, allFrames }: { reference?: string | undefined; allFrames: boolean }): string {
  const where = reference === undefined ? null : resolve(reference);
  return createHash('sha256')
    .update(JSON.stringify([where, allFrames]))
    .digest('hex')
    .slice(0, 16);
}
