import { NoduleTrainError, quoted } from '../../../runtime/index.js';
import type { Spend } from '../allowance.js';
import { bytesAt, type OpenFile, type Reading } from '../reading.js';

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
/** In place of a number that does not fit. */
const IN_ZIP64 = 0xffffffff;
const LOCAL = 0x04034b50;
const MOST_COMMENT_BYTES = 65_535;
const ENTRY_COST = 300;

export interface ZipEntry {
  name: string;
  /** Compressed by deflate; else stored. */
  deflated: boolean;
  crc32: number;
  /** Offset of the stored bytes from the start of the file. */
  begin: number;
  packedBytes: number;
  /** Uncompressed size. */
  bytes: number;
}

type Refuse = (what: string) => never;

export const refuseZip =
  (path: string): Refuse =>
  (what) => {
    throw new NoduleTrainError('zip', `reading ${path}: not a readable zip archive: ${what}`);
  };

/** Zero bytes at the end, up to 16 MiB, which some storage systems append to fill a block. */
function* trailingZeros(file: OpenFile): Reading<number> {
  for (let zeros = 0; ; ) {
    const length = Math.min(ZEROS_AT_ONCE, file.size - zeros);
    const part = yield* bytesAt(file, file.size - zeros - length, length);
    let at = length;
    while (at > 0 && part[at - 1] === 0) at--;
    zeros += length - at;
    if (at > 0 || zeros === file.size || zeros >= MOST_ZEROS) return zeros;
  }
}
const ZEROS_AT_ONCE = 65_536;
const MOST_ZEROS = 2 ** 24;

/** Finds the directory: its offsets in the file and its number of entries. */
function* findDirectory(
  file: OpenFile,
  refuse: Refuse,
): Reading<{ begin: number; end: number; count: number; directoryBytes: number }> {
  const size = file.size - (yield* trailingZeros(file));
  const tailBegin = Math.max(0, size - 22 - MOST_COMMENT_BYTES - 20);
  // The comment's length, two bytes that are usually zero, ends the directory.
  const tail = yield* bytesAt(file, tailBegin, Math.min(file.size, size + 22) - tailBegin);
  let at = tail.length - 22;
  const isEnd = (place: number) => {
    if (tail.readUInt32LE(place) !== END) return false;
    if (place + 22 + tail.readUInt16LE(place + 20) > tail.length) return false;
    // Other bytes may follow, as downloads leave them: the last directory that lies before its end counts.
    const [bytes, begin] = [tail.readUInt32LE(place + 12), tail.readUInt32LE(place + 16)];
    return begin === IN_ZIP64 || bytes === IN_ZIP64 || begin + bytes <= tailBegin + place;
  };
  while (at >= 0 && !isEnd(at)) at--;
  if (at < 0) return refuse('it has no directory: the file is truncated or not an archive');
  const found = {
    begin: tail.readUInt32LE(at + 16),
    directoryBytes: tail.readUInt32LE(at + 12),
    count: tail.readUInt16LE(at + 10),
    end: tailBegin + at,
  };
  if (at < 20 || tail.readUInt32LE(at - 20) !== END_64_LOCATOR) return found;
  const end64 = Number(tail.readBigUInt64LE(at - 20 + 8));
  if (!(end64 + 56 <= file.size)) return refuse('its zip64 directory is outside the file');
  const record = yield* bytesAt(file, end64, 56);
  if (record.readUInt32LE(0) !== END_64) return refuse('its zip64 directory is damaged');
  return {
    count: Number(record.readBigUInt64LE(32)),
    directoryBytes: Number(record.readBigUInt64LE(40)),
    begin: Number(record.readBigUInt64LE(48)),
    end: end64,
  };
}

/** Reads the sizes and the offset of an entry, from its zip64 field if they do not fit into 32 bits. */
const placesOf = (record: Buffer, nameBytes: number, extraBytes: number, refuse: Refuse) => {
  const found = { packed: record.readUInt32LE(20), size: record.readUInt32LE(24), local: record.readUInt32LE(42) };
  const end = 46 + nameBytes + extraBytes;
  for (let at = 46 + nameBytes; at + 4 <= end; ) {
    const length = record.readUInt16LE(at + 2);
    if (record.readUInt16LE(at) === 1) {
      let value = at + 4;
      // The field holds the values that do not fit, in this order.
      for (const key of ['size', 'packed', 'local'] as const)
        if (found[key] === IN_ZIP64) {
          if (value + 8 > Math.min(end, at + 4 + length)) return refuse('a zip64 field is truncated');
          found[key] = Number(record.readBigUInt64LE(value));
          value += 8;
        }
    }
    at += 4 + length;
  }
  return found;
};

/**
 * Reads the directory of a zip archive. Overlapping entries, by which a small archive can unpack to a huge size, and
 * duplicate names are refused.
 * @throws NoduleTrainError `zip`
 */
export function* readZipDirectory(file: OpenFile, spend: Spend): Reading<Map<string, ZipEntry>> {
  const refuse = refuseZip(file.path);
  const { begin, end, count, directoryBytes } = yield* findDirectory(file, refuse);
  if (!(begin + directoryBytes <= end) || count * 46 > directoryBytes)
    return refuse('its directory is outside the file or too small for its entries');
  const directory = yield* bytesAt(file, begin, directoryBytes);
  const entries = new Map<string, ZipEntry>();
  const taken: { from: number; to: number; name: string }[] = [];
  let place = 0;
  for (let i = 0; i < count; i++) {
    if (place + 46 > directory.length || directory.readUInt32LE(place) !== CENTRAL)
      return refuse('its directory is damaged');
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((at) => directory.readUInt16LE(place + at)) as [
      number,
      number,
      number,
    ];
    const next = place + 46 + nameBytes + extraBytes + commentBytes;
    if (next > directory.length) return refuse('its directory is truncated');
    const record = directory.subarray(place, next);
    place = next;
    spend(ENTRY_COST + 2 * nameBytes);
    const name = record.toString('utf8', 46, 46 + nameBytes);
    const { packed, size, local } = placesOf(record, nameBytes, extraBytes, refuse);
    const flags = record.readUInt16LE(8);
    const method = record.readUInt16LE(10);
    if ((flags & 1) !== 0 || (method !== 0 && method !== 8))
      return refuse(`its entry ${quoted(name)} is encrypted or uses the unsupported compression method ${method}`);
    if (entries.has(name)) return refuse(`its directory names ${quoted(name)} twice`);
    if (!(local + 30 <= begin)) return refuse(`its entry ${quoted(name)} is outside the file`);
    const head = yield* bytesAt(file, local, 30);
    if (head.readUInt32LE(0) !== LOCAL) return refuse(`its entry ${quoted(name)} is damaged`);
    const dataBegin = local + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
    if (!(dataBegin + packed <= begin)) return refuse(`its entry ${quoted(name)} is outside the file`);
    if (method === 0 && packed !== size)
      return refuse(`its entry ${quoted(name)} has ${packed} bytes, expected ${size}`);
    taken.push({ from: local, to: dataBegin + packed, name });
    entries.set(name, {
      name,
      deflated: method === 8,
      crc32: record.readUInt32LE(16),
      begin: dataBegin,
      packedBytes: packed,
      bytes: size,
    });
  }
  taken.sort((a, b) => a.from - b.from);
  const overlap = taken.findIndex((entry, i) => i > 0 && entry.from < taken[i - 1]!.to);
  if (overlap > 0)
    return refuse(`its entries ${quoted(taken[overlap - 1]!.name)} and ${quoted(taken[overlap]!.name)} overlap`);
  return entries;
}
