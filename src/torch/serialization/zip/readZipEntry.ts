import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import zlib, { inflateRaw, inflateRawSync } from 'node:zlib';
import { quoted } from '../../../runtime/index.js';
import type { Spend } from '../allowance.js';
import { bytesAt, type OpenFile, type Reading } from '../reading.js';
import { refuseZip, type ZipEntry } from './readZipDirectory.js';

// zlib.crc32 is not imported by name: Node 18 has none, and the SyntaxError would hide the error that names the Node
// version.
const inflateRawAsync = promisify(inflateRaw);

/**
 * Reads and unpacks an entry. The declared size is spent before unpacking, and no more than that is unpacked.
 * @throws NoduleTrainError `zip`
 */
export function* readZipEntry(file: OpenFile, entry: ZipEntry, spend: Spend): Reading<Uint8Array> {
  const refuse = refuseZip(file.path);
  if (entry.deflated) spend(entry.bytes);
  const packed = yield* bytesAt(file, entry.begin, entry.packedBytes);
  if (!entry.deflated) return packed;
  const options = { maxOutputLength: Math.max(entry.bytes, 1) };
  let bytes: Uint8Array = packed;
  const failed = (cause: unknown): never =>
    refuse(
      `its entry ${quoted(entry.name)} does not unpack to the declared ${entry.bytes} bytes ` +
        `(${(cause as Error).message})`,
    );
  yield {
    run() {
      try {
        bytes = inflateRawSync(packed, options);
      } catch (cause) {
        failed(cause);
      }
    },
    async runAsync() {
      bytes = await inflateRawAsync(packed, options).catch(failed);
    },
  };
  if (bytes.length !== entry.bytes)
    return refuse(`its entry ${quoted(entry.name)} unpacks to ${bytes.length} bytes, expected ${entry.bytes}`);
  return bytes;
}

const CHECKED_AT_ONCE = 2 ** 22;

/** Checks the CRC-32 of unpacked bytes. @throws NoduleTrainError `zip` */
export function* checkCrc32(file: OpenFile, entry: ZipEntry, bytes: Uint8Array): Reading<void> {
  let sum = 0;
  yield {
    run() {
      sum = zlib.crc32(bytes);
    },
    async runAsync() {
      for (let at = 0; at < bytes.length; at += CHECKED_AT_ONCE) {
        sum = zlib.crc32(bytes.subarray(at, at + CHECKED_AT_ONCE), sum);
        await nextTurn();
      }
    },
  };
  if (sum !== entry.crc32) refuseZip(file.path)(`its entry ${quoted(entry.name)} has a wrong checksum`);
}
