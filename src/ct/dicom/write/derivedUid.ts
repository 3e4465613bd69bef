import { createHash } from 'node:crypto';

/**
 * Derives a UID from texts, always the same from the same ones: "2.25." and a UUID as a decimal number (PS3.5 section
 * B.2). The UUID has version 8 of RFC 9562, whose other 122 bits are those of a SHA-256.
 */
export function derivedUid(...parts: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}
