import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeMask, writeVolume } from '../../dist/ct/index.js';
import { buildVolume } from './volume.js';

export const cropShape = [4, 64, 64] as const;

/** An 8-bit crop: a ball of 200 in the middle of 60, `radius` voxels wide; 0 leaves the label empty. */
export async function writeCrop(image: string, label: string, radius: number, value = 1): Promise<void> {
  const [slices, rows, columns] = cropShape;
  const voxels = new Int16Array(slices * rows * columns).fill(60);
  const mask = new Uint8Array(voxels.length);
  for (let at = 0; at < voxels.length; at++) {
    const [r, c] = [Math.floor(at / columns) % rows, at % columns];
    voxels[at] = 60 + ((at * 7) % 23);
    if (radius === 0 || Math.hypot(r - rows / 2, c - columns / 2) > radius) continue;
    voxels[at] = 200;
    mask[at] = value;
  }
  for (const path of [image, label]) mkdirSync(dirname(path), { recursive: true });
  const crop = buildVolume(cropShape, voxels, { uid: 'crop', intensity: 'arbitrary' });
  await writeVolume(image, crop);
  await writeMask(label, { ...crop, voxels: mask });
}

export interface NnunetFixture {
  /** Radius of each case's ball by its name. */
  cases: Record<string, number>;
  json?: object;
  value?: number;
  ending?: string;
}

/** A small nnU-Net raw dataset of crops. */
export async function writeNnunetFixture(dir: string, { cases, json = {}, value, ending = '.mha' }: NnunetFixture) {
  for (const [name, radius] of Object.entries(cases))
    await writeCrop(
      join(dir, 'imagesTr', `${name}_0000${ending}`),
      join(dir, 'labelsTr', `${name}${ending}`),
      radius,
      value,
    );
  writeJson(join(dir, 'dataset.json'), {
    channel_names: { 0: 'CT, 8 bit' },
    labels: { background: 0, nodule: 1 },
    numTraining: Object.keys(cases).length,
    file_ending: ending,
    intensity: 'arbitrary',
    ...json,
  });
  return dir;
}

export function writeJson(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
}
