import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import zlib, { inflateRaw, inflateRawSync } from 'node:zlib';
import { quoted } from '../../../runtime/index.js';
import type { Spend } from '../allowance.js';
import { bytesAt, type OpenFile, type Reading } from '../reading.js';
import { refuseZip, type ZipEntry } from './zipDirectory.js';

// zlib.crc32 is not imported by name: under Node 18, which has none, that would end in a SyntaxError before the error that
// says so.
const inflateRawAsync = promisify(inflateRaw);

/**
 * The unpacked bytes of an entry. What it unpacks to is spent before it is unpacked, and no more than it says is unpacked.
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
      `its entry ${quoted(entry.name)} does not unpack to the ${entry.bytes} bytes that it says (${(cause as Error).message})`,
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
    return refuse(`its entry ${quoted(entry.name)} unpacks to ${bytes.length} bytes, it says ${entry.bytes}`);
  return bytes;
}

const CHECKED_AT_ONCE = 2 ** 22;

/** @throws NoduleTrainError `zip` where the bytes are not those that were packed */
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
  if (sum !== entry.crc32)
    refuseZip(file.path)(`the checksum of its entry ${quoted(entry.name)} does not fit its bytes`);
}
