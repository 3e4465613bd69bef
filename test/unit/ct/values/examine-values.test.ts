import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readVolume, type Volume } from '../../../../dist/ct/index.js';
import { examineValues } from '../../../../dist/ct/values/examineValues.js';
import { synthesize } from '../../../../dist/phantom/index.js';
import { blockChest } from '../../../support/blockChest.js';
import { sharedData } from '../../../support/shared.js';
import { buildVolume } from '../../../support/volume.js';

type Values = Pick<Volume, 'voxels' | 'scale' | 'offset'>;

/** What a program may do to HU, and what it should be taken for; `rescale` gives HU back within `within`. */
const changes: [name: string, change: (hu: number) => number, looksLike: RegExp, within: number | null][] = [
  ['12 bits without sign', (hu) => Math.max(0, hu + 1024), /^HU \+ 1024 \(or \+ 1000\)$/, 0],
  ['HU + 1000', (hu) => hu + 1000, /^HU \+ 1024 \(or \+ 1000\)$/, 24],
  ['HU + 1000 with padding', (hu) => (hu < -1500 ? -1024 : hu + 1000), /^HU \+ 1024/, 24],
  ['the intercept twice', (hu) => hu - 1024, /^HU - 1024$/, 0],
  ['HU + 8192', (hu) => hu + 8192, /^HU \+ 8192$/, 0],
  ['16 bits without sign', (hu) => hu + 32768, /^HU \+ 32768$/, 0],
  ['another shift', (hu) => hu + 2000, /^HU \+ (19|20)[05]0 or so$/, 100],
  ['HU times 10', (hu) => hu * 10, /^HU \* 10$/, 0],
  ['12 of 16 bits', (hu) => Math.max(0, hu + 1024) * 16, /^\(HU \+ 1024\) \* 16$/, 0],
  ['HU / 1000', (hu) => hu / 1000, /^HU \/ 1000$/, 0],
  ['attenuation per mm', (hu) => Math.max(0, (hu / 1000 + 1) * 0.0192), /^attenuation in 1\/mm$/, 5],
  ['attenuation per cm', (hu) => Math.max(0, (hu / 1000 + 1) * 0.192), /^attenuation in 1\/cm$/, 5],
  ['inverted', (hu) => -hu, /^inverted HU$/, 0],
  ['inverted within 12 bits', (hu) => 3071 - Math.max(-1024, hu), /^inverted HU \(3071 - HU\)$/, 0],
  ['0 to 1', (hu) => Math.min(1, Math.max(0, (hu + 1000) / 1400)), /^HU scaled to values from 0(\.\d+)? to 1$/, null],
  ['12 bits as 0 to 1', (hu) => Math.max(0, hu + 1024) / 4095, /^HU scaled to values from 0/, null],
  ['bytes', (hu) => Math.round(255 * Math.min(1, Math.max(0, (hu + 1000) / 1400))), /^HU scaled .* to 255$/, null],
  ['mean 0 and deviation 1', (hu) => (Math.max(-1024, hu) + 500) / 450, /^HU scaled to values from -1\.\d/, null],
];

/** Changes the values of a scan in HU, in float precision as `readVolume` would store them. */
const changed = ({ voxels }: Values, change: (hu: number) => number): Values => {
  const values = Float64Array.from(voxels, change);
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const scale = values.every(Number.isInteger) && max - min <= 65535 ? 1 : (max - min) / 65535;
  const offset = scale === 1 && min >= -32768 && max <= 32767 ? 0 : min + 32768 * scale;
  return { voxels: Int16Array.from(values, (value) => Math.round((value - offset) / scale)), scale, offset };
};

/** About 100,000 voxels of all regions, in rows, so that changed copies are made quickly. */
const somePart = ({ voxels, shape: [, , columns], scale, offset }: Volume): Values => {
  const rows = voxels.length / columns;
  const step = Math.ceil(voxels.length / 100_000);
  const part = new Int16Array(Math.ceil(rows / step) * columns);
  for (let row = 0, at = 0; row < rows; row += step, at += columns)
    part.set(voxels.subarray(row * columns, (row + 1) * columns), at);
  return { voxels: part, scale, offset };
};

const recognises = (scan: Values, [, change, looksLike, within]: (typeof changes)[number]): void => {
  const finding = examineValues(changed(scan, change));
  expect(finding?.looksLike).toMatch(looksLike);
  if (within === null) expect(finding?.rescale).toBeNull();
  else {
    const [slope, intercept] = finding!.rescale!;
    for (const hu of [-800, 0, 50, 400])
      expect(Math.abs(change(hu) * slope + intercept - hu)).toBeLessThanOrEqual(within + 1e-6);
  }
};

describe('the values of a phantom', () => {
  let phantom: Values;
  beforeAll(() => {
    phantom = synthesize({ seed: 3, size: [24, 96, 96], spacing: [3.6, 3.6, 6] }).volume;
  });

  it('are taken for HU', () => {
    expect(examineValues(phantom)).toMatchObject({ kind: 'hu' });
  });

  it.each(changes)('are recognised as %s', (...change) => recognises(phantom, change));
});

describe('values that show too little', () => {
  const noise = (from: number, to: number): Volume =>
    buildVolume([16, 32, 32], (i, r, c) => from + ((i * 7919 + r * 104_729 + c * 1299) % (to - from)));
  const small = buildVolume([9, 10, 11], (_, r) => (r < 5 ? 24 : 1064));
  it.each<[string, Volume]>([
    ['a constant', buildVolume([16, 32, 32], 24)],
    ['air', buildVolume([16, 32, 32], -1000)],
    ['water with noise', noise(-40, 40)],
    ['lung alone', noise(-950, -700)],
    ['soft tissue alone', noise(-120, 120)],
    ['bone alone', noise(300, 1500)],
    ['a water phantom with a bright insert', buildVolume([16, 32, 32], (_, r, c) => (r < 8 && c < 8 ? 1000 : 0))],
    ['all values alike', noise(-1024, 3000)],
    ['blocks of air, lung and tissue in HU', blockChest().volume],
    ['few voxels', small],
  ])('give no finding: %s', (_what, volume) => {
    expect(examineValues(volume)).toBeNull();
  });

  it('of one voxel or none give none', () => {
    for (const voxels of [new Int16Array(0), Int16Array.of(24)])
      expect(examineValues({ voxels, scale: 1, offset: 0 })).toBeNull();
  });

  it('end soon for any scale', () => {
    const { voxels } = noise(-32768, 32767);
    for (const scale of [1e-300, 1e-9, 1e9, 1e290]) expect(examineValues({ voxels, scale, offset: 0 })).toBeNull();
  });
});

describe('blocks of a few values', () => {
  it.each<[string, (hu: number) => number, string]>([
    ['HU + 1024', (hu) => hu + 1024, 'HU + 1024 (or + 1000)'],
    ['HU + 1000', (hu) => hu + 1000, 'HU + 1024 (or + 1000)'],
    ['HU * 10', (hu) => hu * 10, 'HU * 10'],
    ['inverted', (hu) => -hu, 'inverted HU'],
  ])('are recognised as %s', (_what, change, looksLike) => {
    expect(examineValues(changed(blockChest().volume, change))?.looksLike).toBe(looksLike);
  });
});

describe('real scans', () => {
  const folders = ['formats', 'luna16/subset0', 'luna16/crops'].map((name) => sharedData(...name.split('/')));
  const images = folders.flatMap((folder) =>
    folder === null
      ? []
      : readdirSync(folder)
          .filter((name) => /\.(mha|mhd|nrrd|nii\.gz)$/.test(name))
          .filter((name) => !/mask|votes|lm-|wholeLung|without-data|flipped/.test(name))
          .map((name) => join(folder, name)),
  );
  const series = sharedData('dicom', 'Lung-PET-CT-Dx-A0001-slab');
  const scans = [...images, ...(series === null ? [] : [series])];

  it.skipIf(scans.length === 0)('are taken for HU, and their changed copies for what they are', async () => {
    let recognised = 0;
    for (const path of scans) {
      const notes: string[] = [];
      const volume = await readVolume(path, { intensity: 'hu', onNote: (note) => notes.push(note) });
      expect(notes.join()).not.toMatch(/Hounsfield|--rescale/);
      if (examineValues(volume)?.kind !== 'hu') continue;
      recognised++;
      const part = somePart(volume);
      // A crop of lung shows too little for the strict rule of inverted images.
      const crop = volume.shape[2] < 100;
      for (const change of changes) if (!(crop && change[0].startsWith('inverted'))) recognises(part, change);
    }
    expect(recognised).toBeGreaterThanOrEqual(0.9 * scans.length - 1);
  });
});
