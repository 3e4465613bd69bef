import { createHash } from 'node:crypto';
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
