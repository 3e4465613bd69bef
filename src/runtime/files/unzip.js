import fs from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { NoduleTrainError } from '../error.js';

/**
 * @typedef {object} ZipMember
 * @property {string} name
 * @property {number} method 0 stored, 8 deflated
 * @property {number} packed bytes in the archive
 * @property {number} size bytes unpacked
 * @property {number} offset of its local header
 */

/** @param {string} file @param {string} found @returns {NoduleTrainError} */
const broken = (file, found) =>
  new NoduleTrainError(
    'archive-broken',
    `reading the archive ${file}: ${found}. It is incomplete or not a zip file. Download it again.`,
  );

/**
 * Lists the members of a zip archive from its central directory (PKWARE's APPNOTE 4.3.12, without zip64).
 * @param {string} file
 * @returns {ZipMember[]}
 * @throws {NoduleTrainError} `archive-broken`
 */
export function zipMembers(file) {
  const handle = fs.openSync(file, 'r');
  try {
    const { size } = fs.fstatSync(handle);
    const read = (/** @type {number} */ length, /** @type {number} */ position) => {
      const bytes = Buffer.alloc(length);
      if (fs.readSync(handle, bytes, 0, length, position) !== length) throw broken(file, 'it ends early');
      return bytes;
    };
    const tail = read(Math.min(size, 65_557), Math.max(0, size - 65_557));
    const end = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1');
    if (end < 0 || end + 22 > tail.length) throw broken(file, 'its end has no directory');
    const count = tail.readUInt16LE(end + 10);
    const directory = read(tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16));
    /** @type {ZipMember[]} */
    const members = [];
    for (let at = 0; members.length < count; ) {
      if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50)
        throw broken(file, `its directory ends after ${members.length} of ${count} members`);
      const nameLength = directory.readUInt16LE(at + 28);
      members.push({
        name: directory.toString('utf8', at + 46, at + 46 + nameLength),
        method: directory.readUInt16LE(at + 10),
        packed: directory.readUInt32LE(at + 20),
        size: directory.readUInt32LE(at + 24),
        offset: directory.readUInt32LE(at + 42),
      });
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    }
    return members;
  } finally {
    fs.closeSync(handle);
  }
}

/**
 * Unpacks one member below `folder` and creates the folders it needs.
 * @param {string} file
 * @param {ZipMember} member
 * @param {string} folder
 * @param {(bytes: number) => void} [onBytes] called with the size of each chunk written
 * @returns {Promise<void>}
 * @throws {NoduleTrainError} `archive-broken`
 */
export async function unzipMember(file, member, folder, onBytes = () => {}) {
  const target = path.resolve(folder, member.name);
  if (!target.startsWith(path.resolve(folder) + path.sep))
    throw broken(file, `member '${member.name}' points outside the folder`);
  if (member.method !== 0 && member.method !== 8)
    throw broken(file, `member '${member.name}' uses method ${member.method}`);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const handle = await fs.promises.open(file, 'r');
  const output = await fs.promises.open(target, 'w');
  let written = 0;
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      output.writeFile(chunk).then(() => {
        written += chunk.length;
        onBytes(chunk.length);
        done();
      }, done);
    },
  });
  try {
    // The local header repeats the name; its own lengths count (4.3.7).
    const header = Buffer.alloc(30);
    await handle.read(header, 0, 30, member.offset);
    if (header.readUInt32LE(0) !== 0x04034b50) throw broken(file, `member '${member.name}' has no header`);
    const start = member.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    if (member.packed > 0) {
      const source = handle.createReadStream({
        start,
        end: start + member.packed - 1,
        autoClose: false,
        highWaterMark: 1 << 20,
      });
      if (member.method === 0) await pipeline(source, sink);
      else await pipeline(source, createInflateRaw({ chunkSize: 1 << 18 }), sink);
    }
    if (written !== member.size)
      throw broken(file, `member '${member.name}' has ${written} bytes, expected ${member.size}`);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code?.startsWith('Z_'))
      throw broken(file, `member '${member.name}' does not inflate`);
    throw error;
  } finally {
    await handle.close();
    await output.close();
  }
}
