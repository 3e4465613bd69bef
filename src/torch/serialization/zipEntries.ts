import { inflateRawSync } from 'node:zlib';
import { NoduleTrainError } from '../../runtime/error.js';

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

/**
 * The entries of a zip archive that lies in memory, stored ones without a copy.
 * @throws NoduleTrainError `zip`
 */
export function readZip(file: string, bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuse = (what: string): never => {
    throw new NoduleTrainError('zip', `${file} is no readable zip archive: ${what}`);
  };
  const inside = (start: number, length: number): number =>
    Number.isSafeInteger(start) && start >= 0 && length >= 0 && start + length <= bytes.length
      ? start
      : refuse('it is cut off or its directory points outside of it');
  const uint64 = (place: number): number => Number(view.getBigUint64(inside(place, 8), true));

  let end = bytes.length - 22;
  while (end >= 0 && bytes.length - end <= 22 + 65_535 && view.getUint32(end, true) !== END) end--;
  if (end < 0 || bytes.length - end > 22 + 65_535)
    return refuse('it has no directory; the file is cut off or no archive');
  let count = view.getUint16(end + 10, true);
  let place = view.getUint32(end + 16, true);
  if (end >= 20 && view.getUint32(end - 20, true) === END_64_LOCATOR) {
    const end64 = inside(uint64(end - 20 + 8), 56);
    if (view.getUint32(end64, true) !== END_64) return refuse('its zip64 directory is damaged');
    count = uint64(end64 + 32);
    place = uint64(end64 + 48);
  }

  const entries = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    inside(place, 46);
    if (view.getUint32(place, true) !== CENTRAL) return refuse('its directory is damaged');
    const flags = view.getUint16(place + 8, true);
    const method = view.getUint16(place + 10, true);
    let packed = view.getUint32(place + 20, true);
    let size = view.getUint32(place + 24, true);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((at) => view.getUint16(place + at, true)) as [
      number,
      number,
      number,
    ];
    let local = view.getUint32(place + 42, true);
    inside(place + 46, nameLength + extraLength + commentLength);
    const name = new TextDecoder().decode(bytes.subarray(place + 46, place + 46 + nameLength));
    // The zip64 extra field holds those of the three that do not fit 32 bits, in this order.
    for (let at = place + 46 + nameLength; at + 4 <= place + 46 + nameLength + extraLength; ) {
      const id = view.getUint16(at, true);
      const length = view.getUint16(at + 2, true);
      if (id === 1) {
        let value = at + 4;
        const next = (): number => {
          value += 8;
          return uint64(value - 8);
        };
        if (size === 0xffffffff) size = next();
        if (packed === 0xffffffff) packed = next();
        if (local === 0xffffffff) local = next();
      }
      at += 4 + length;
    }
    place += 46 + nameLength + extraLength + commentLength;
    inside(local, 30);
    if (view.getUint32(local, true) !== LOCAL) return refuse(`its entry ${name} is damaged`);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const data = bytes.subarray(inside(start, packed), start + packed);
    if ((flags & 1) !== 0 || (method !== 0 && method !== 8))
      return refuse(`its entry ${name} is packed in a way that is not read here (method ${method})`);
    const content = method === 0 ? data : new Uint8Array(inflateRawSync(data, { maxOutputLength: Math.max(size, 1) }));
    if (content.length !== size) return refuse(`its entry ${name} has ${content.length} bytes and should have ${size}`);
    entries.set(name, content);
  }
  return entries;
}
