import path from 'node:path';
import { replaceFile, replaceFileSync } from '../../../runtime/index.js';
import { type FilePath, pathOf } from '../fileSource.js';
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

const chunksOf = async (root: string, value: unknown): Promise<Uint8Array[]> => {
  const { pickle, storages } = writePickle(value);
  const entries: ZipEntry[] = [];
  for (const [key, bytes] of (await tensorsToBytes('savePt', storages)).entries())
    entries.push(await zipEntryAsync(`${root}/data/${key}`, bytes));
  return layOut(root, pickle, entries);
};

const chunksOfSync = (root: string, value: unknown): Uint8Array[] => {
  const { pickle, storages } = writePickle(value);
  const entries = storages.map((tensor, key) => zipEntry(`${root}/data/${key}`, tensorToBytes(tensor)));
  return layOut(root, pickle, entries);
};

/**
 * Writes a file for Python's `torch.load(weights_only=True)`, atomically: Tensors, strings, numbers, booleans and null
 * in Maps, plain objects and arrays. The tensors may be disposed at once, but must not be written to until the promise
 * resolves.
 * @throws NoduleTrainError `path`, `pickle` naming a value that it cannot hold, `tensor-changed`, `disk-full`,
 *   `write-failed`
 */
export async function savePt(file: FilePath, value: unknown): Promise<void> {
  const path = pathOf('savePt', file);
  await replaceFile(path, await chunksOf(rootOf(path), value));
}

/** Blocking version of {@link savePt}; the values are those at the call. */
export function savePtSync(file: FilePath, value: unknown): void {
  const path = pathOf('savePtSync', file);
  replaceFileSync(path, chunksOfSync(rootOf(path), value));
}

/** Makes the bytes of a file of {@link savePt}; `loadPt` and Python's `torch.load` read them. */
export async function encodePt(value: unknown): Promise<Buffer> {
  return Buffer.concat(await chunksOf('archive', value));
}

/** Blocking version of {@link encodePt}. */
export function encodePtSync(value: unknown): Buffer {
  return Buffer.concat(chunksOfSync('archive', value));
}
