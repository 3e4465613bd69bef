import path from 'node:path';
import { atomicWrite, atomicWriteSync } from './atomicWrite.js';
import { writePickle } from './pickleWriter.js';
import { zipArchive } from './zipArchive.js';

const layOut = (file: string, value: unknown): Uint8Array[] => {
  const { pickle, storages } = writePickle(value);
  const root = path.basename(file).replace(/\.[^.]*$/, '') || 'archive';
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  return zipArchive([
    [`${root}/data.pkl`, pickle],
    [`${root}/byteorder`, text('little')],
    ...storages.map((bytes, key): [string, Uint8Array] => [`${root}/data/${key}`, bytes]),
    [`${root}/version`, text('3\n')],
  ]);
};

/**
 * Writes a file that Python's `torch.load(weights_only=True)` opens: Tensors in Maps, plain objects and arrays, with strings,
 * numbers, booleans and null beside them. Never seen half-written; the values are those at the call.
 * @throws NoduleTrainError `pickle` naming what it cannot hold, `disk-full`, `write-failed`
 */
export async function savePt(path: string, value: unknown): Promise<void> {
  await atomicWrite(path, layOut(path, value));
}

/** As {@link savePt}, blocking. */
export function savePtSync(path: string, value: unknown): void {
  atomicWriteSync(path, layOut(path, value));
}
