import path from 'node:path';
import { replaceFile, replaceFileSync } from '../../../runtime/index.js';
import { tensorsToBytes, tensorToBytes } from '../tensorBytes.js';
import { type ZipEntry, zipArchive, zipEntry, zipEntryAsync } from '../zip/writeZip.js';
import { writePickle } from './pickleWriter.js';

const rootOf = (file: string): string => path.basename(file).replace(/\.[^.]*$/, '') || 'archive';

const layOut = (root: string, pickle: Uint8Array, storages: readonly ZipEntry[]): Uint8Array[] =>
  zipArchive([
    zipEntry(`${root}/data.pkl`, pickle),
    zipEntry(`${root}/byteorder`, Buffer.from('little')),
    ...storages,
    zipEntry(`${root}/version`, Buffer.from('3\n')),
  ]);

/**
 * Writes a file for Python's `torch.load(weights_only=True)`, atomically: Tensors, strings, numbers, booleans and null
 * in Maps, plain objects and arrays. The tensors may be disposed at once, but must not be written to until the promise
 * resolves.
 * @throws NoduleTrainError `pickle` naming a value it cannot hold, `tensor-changed`, `disk-full`, `write-failed`
 */
export async function savePt(path: string, value: unknown): Promise<void> {
  const { pickle, storages } = writePickle(value);
  const root = rootOf(path);
  const entries: ZipEntry[] = [];
  for (const [key, bytes] of (await tensorsToBytes('savePt', storages)).entries())
    entries.push(await zipEntryAsync(`${root}/data/${key}`, bytes));
  await replaceFile(path, layOut(root, pickle, entries));
}

/** Blocking version of {@link savePt}; the values are those at the call. */
export function savePtSync(path: string, value: unknown): void {
  const { pickle, storages } = writePickle(value);
  const root = rootOf(path);
  const entries = storages.map((tensor, key) => zipEntry(`${root}/data/${key}`, tensorToBytes(tensor)));
  replaceFileSync(path, layOut(root, pickle, entries));
}
