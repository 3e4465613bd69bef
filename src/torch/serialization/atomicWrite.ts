import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { NoduleTrainError } from '../../runtime/error.js';

const temporaryName = (file: string): string =>
  path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`);

const failed = (file: string, cause: unknown): NoduleTrainError => {
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new NoduleTrainError(
    full ? 'disk-full' : 'write-failed',
    `Writing ${file} failed: ${full ? 'the disk is full; free space and try again' : message}. What was there before is unchanged`,
    { cause },
  );
};

/**
 * Writes to a temporary name in the same folder, fsyncs and renames, so that a kill at any moment leaves the old file or the
 * new one, never a torn one.
 * @throws NoduleTrainError `disk-full`, `write-failed`
 */
export async function atomicWrite(file: string, chunks: readonly Uint8Array[]): Promise<void> {
  const temporary = temporaryName(file);
  try {
    const handle = await fs.promises.open(temporary, 'wx');
    try {
      for (const chunk of chunks) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.promises.rename(temporary, file);
    // The rename is only safe once the folder is on the disk too.
    const folder = await fs.promises.open(path.dirname(file), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (cause) {
    await fs.promises.rm(temporary, { force: true }).catch(() => {});
    throw failed(file, cause);
  }
}

/** As {@link atomicWrite}, blocking. */
export function atomicWriteSync(file: string, chunks: readonly Uint8Array[]): void {
  const temporary = temporaryName(file);
  try {
    const handle = fs.openSync(temporary, 'wx');
    try {
      for (const chunk of chunks) {
        for (let done = 0; done < chunk.length; ) done += fs.writeSync(handle, chunk, done);
      }
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(temporary, file);
    const folder = fs.openSync(path.dirname(file), 'r');
    try {
      fs.fsyncSync(folder);
    } finally {
      fs.closeSync(folder);
    }
  } catch (cause) {
    fs.rmSync(temporary, { force: true });
    throw failed(file, cause);
  }
}
