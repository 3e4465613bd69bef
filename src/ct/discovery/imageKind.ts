import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { uidOf } from '../formats.js';
import { inflateStart } from '../imageFile/inflate.js';

/** Names of label images and probability maps, ours and those that others use, without extension. */
const maskName = /(^|[._-])(masks?|labels?|seg|segmentations?|lungs?mask|probabilities)$/i;
const maskFolder = /^(masks?|labels?(t[rs])?|segmentations?|seg-.*)$/i;

/** Whether an image is named as labels or a mask: by itself, or by a folder between `dir` and it. */
export const isNamedMask = (dir: string, path: string): boolean =>
  maskName.test(uidOf(path)) ||
  path
    .slice(dir.length, path.length - basename(path).length)
    .split(/[\\/]/)
    .some((folder) => maskFolder.test(folder));

/** Enough for every header but the longest of NRRD, whose type comes first. */
const headerBytes = 1 << 14;

/**
 * Whether an image of a format other than DICOM has values of one byte, as labels have and a CT has not. Reads the
 * header alone; false where it is damaged, which its reader reports.
 */
export const hasByteValues = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return false;
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(headerBytes), position: 0 });
    const start = buffer.subarray(0, bytesRead);
    if (/\.nii(\.gz)?$/i.test(path)) return niftiHasBytes(await unpacked(start));
    const text = start.toString('latin1');
    return (
      /^ElementType\s*=\s*MET_U?CHAR\b/m.test(text) || /^type:\s*(u?char|u?int8(_t)?|(un)?signed char)\s*$/im.test(text)
    );
  } catch {
    return false;
  } finally {
    await file.close();
  }
};

const unpacked = async (start: Buffer): Promise<Buffer> =>
  start[0] === 0x1f && start[1] === 0x8b ? inflateStart(start, 352) : start;

/** The field `datatype` of both versions, in either byte order: 2 is uint8, 256 is int8. */
const niftiHasBytes = (header: Buffer): boolean => {
  if (header.length < 74) return false;
  const big = header.readInt32LE(0) > 0xffff || header.readInt32LE(0) < 0;
  const length = big ? header.readInt32BE(0) : header.readInt32LE(0);
  const at = length === 540 ? 12 : 70;
  const type = big ? header.readInt16BE(at) : header.readInt16LE(at);
  return type === 2 || type === 256;
};
