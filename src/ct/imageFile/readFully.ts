import type { FileHandle } from 'node:fs/promises';

/** One read takes at most 2 GiB. */
const mostBytesAtOnce = 1 << 30;

/** Fills `into` with the bytes of a file from offset `start`; false where the file ends before. */
export const readFully = async (file: FileHandle, into: Uint8Array, start: number): Promise<boolean> => {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, Math.min(into.length - done, mostBytesAtOnce), start + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
};
