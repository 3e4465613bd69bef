import { promisify } from 'node:util';
import zlib, { deflateRaw, deflateRawSync } from 'node:zlib';

// torch.save aligns every record to this many bytes, so that it can be mapped into memory.
const ALIGNMENT = 64;

export interface ZipEntry {
  name: string;
  /** Content as stored in the file. */
  data: Uint8Array;
  /** Size of the content in bytes. */
  size: number;
  /** CRC-32 of the content. */
  sum: number;
  packed: boolean;
}

/** Makes an entry. @param packed compress by deflate; else store */
export const zipEntry = (name: string, content: Uint8Array, packed = false): ZipEntry => ({
  name,
  data: packed ? deflateRawSync(content) : content,
  size: content.length,
  sum: zlib.crc32(content),
  packed,
});

const SLICE = 4 << 20;

/** Like {@link zipEntry}, but does not block the event loop: compresses off the thread, sums in slices. */
export const zipEntryAsync = async (name: string, content: Uint8Array, packed = false): Promise<ZipEntry> => {
  let sum = 0;
  for (let place = 0; place < content.length; place += SLICE) {
    if (place > 0) await new Promise((resolve) => setImmediate(resolve));
    sum = zlib.crc32(content.subarray(place, place + SLICE), sum);
  }
  return { name, data: packed ? await promisify(deflateRaw)(content) : content, size: content.length, sum, packed };
};

/** Makes a zip archive with zip64 records throughout, as torch.save and NumPy do; each entry aligned to 64 bytes. */
export const zipArchive = (entries: readonly ZipEntry[]): Uint8Array[] => {
  const chunks: Uint8Array[] = [];
  const central: Buffer[] = [];
  let place = 0;
  const push = (chunk: Uint8Array): void => {
    chunks.push(chunk);
    place += chunk.length;
  };
  for (const { name, data, size, sum, packed } of entries) {
    const method = packed ? 8 : 0;
    const nameBytes = Buffer.from(name, 'utf8');
    const begin = place;
    const unpadded = begin + 30 + nameBytes.length + 20 + 4;
    const padding = (ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT;
    const sizes = Buffer.alloc(20);
    sizes.writeUInt16LE(1, 0);
    sizes.writeUInt16LE(16, 2);
    sizes.writeBigUInt64LE(BigInt(size), 4);
    sizes.writeBigUInt64LE(BigInt(data.length), 12);
    const filler = Buffer.alloc(4 + padding);
    filler.write('FB', 0, 'latin1');
    filler.writeUInt16LE(padding, 2);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(45, 4);
    local.writeUInt16LE(0x0800, 6); // the name is UTF-8
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(sum, 14);
    local.writeUInt32LE(0xffffffff, 18);
    local.writeUInt32LE(0xffffffff, 22);
    local.writeUInt16LE(nameBytes.length, 26);
    local.writeUInt16LE(sizes.length + filler.length, 28);
    for (const part of [local, nameBytes, sizes, filler, data]) push(part);
    const extra = Buffer.alloc(28);
    sizes.copy(extra);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(begin), 20);
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(45, 4);
    record.writeUInt16LE(45, 6);
    record.writeUInt16LE(0x0800, 8);
    record.writeUInt16LE(method, 10);
    record.writeUInt32LE(sum, 16);
    record.writeUInt32LE(0xffffffff, 20);
    record.writeUInt32LE(0xffffffff, 24);
    record.writeUInt16LE(nameBytes.length, 28);
    record.writeUInt16LE(extra.length, 30);
    record.writeUInt32LE(0xffffffff, 42);
    central.push(record, nameBytes, extra);
  }
  const directory = Buffer.concat(central);
  const directoryPlace = place;
  push(directory);
  const end64Place = place;
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeUInt16LE(45, 12);
  end64.writeUInt16LE(45, 14);
  end64.writeBigUInt64LE(BigInt(entries.length), 24);
  end64.writeBigUInt64LE(BigInt(entries.length), 32);
  end64.writeBigUInt64LE(BigInt(directory.length), 40);
  end64.writeBigUInt64LE(BigInt(directoryPlace), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(end64Place), 8);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(0xffff, 8);
  end.writeUInt16LE(0xffff, 10);
  end.writeUInt32LE(0xffffffff, 12);
  end.writeUInt32LE(0xffffffff, 16);
  for (const part of [end64, locator, end]) push(part);
  return chunks;
};
