import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMask, readVolume, writeVolume } from '../../../../dist/ct/index.js';
import { readMaskFor } from '../../../../dist/labels/index.js';
import { scratchFolder } from '../../../support/scratch.js';
import { buildVolume } from '../../../support/volume.js';

const folder = scratchFolder('nifti-transforms');
const scan = buildVolume([3, 4, 5], (i, r, c) => i + r + c, {
  spacing: [0.5, 0.75, 2],
  origin: [-10, 20, -30],
  direction: [
    [-1, 0, 0],
    [0, 1, 0],
    [0, 0, -1],
  ],
});

const at = { code: 252, quaternion: 256, qoffset: 268, srow: 280, pixdim: 76 };
type Change = (view: DataView) => void;
const real =
  (place: number, ...values: number[]): Change =>
  (view) => {
    values.forEach((value, n) => {
      view.setFloat32(place + 4 * n, value, true);
    });
  };
const codes =
  (qform: number, sform: number): Change =>
  (view) => {
    view.setInt16(at.code, qform, true);
    view.setInt16(at.code + 2, sform, true);
  };

/** A file of ours, whose sform and qform agree, with fields changed. */
const changed = async (...changes: Change[]): Promise<string> => {
  const path = join(folder, `a${made++}.nii`);
  await writeVolume(path, scan);
  const bytes = Buffer.from(readFileSync(path));
  for (const change of changes) change(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  await writeFile(path, bytes);
  return path;
};
let made = 0;

const read = async (path: string, niftiTransform?: 'sform' | 'qform') => {
  const notes: string[] = [];
  const volume = await readVolume(path, { niftiTransform, onNote: (text) => notes.push(text.slice(path.length + 2)) });
  return { volume, notes };
};
const rounded = (numbers: readonly number[] | null) => numbers!.map((value) => Math.round(value * 1e4) / 1e4 + 0);

describe('a NIfTI file with an sform and a qform', () => {
  it('has no note where they agree', async () => {
    expect((await read(await changed())).notes).toEqual([]);
    expect((await read(await changed(real(at.qoffset, 10.01)))).notes).toEqual([]);
  });

  it.each<[string, Change, number[], number[]]>([
    ['the origin', real(at.qoffset, 15), [0.5, 0.75, 2], [-15, 20, -30]],
    ['the spacing', real(at.pixdim + 4, 0.51), [0.51, 0.75, 2], [-10, 20, -30]],
    ['the direction', real(at.quaternion, 0, 0, 0), [0.5, 0.75, 2], [-10, 20, -30]],
  ])('notes a contradiction of %s, and reads either as chosen', async (_, change, spacing, origin) => {
    const path = await changed(change);
    const { volume, notes } = await read(path);
    expect(rounded(volume.spacing)).toEqual([0.5, 0.75, 2]);
    expect(rounded(volume.origin)).toEqual([-10, 20, -30]);
    expect(notes.join()).toMatch(
      /its sform \(spacing .*\) and qform \(spacing .*\) contradict each other, by up to [\d.]+ voxels; the sform is used\. Choose with --nifti-transform sform or qform/,
    );
    const chosen = await read(path, 'qform');
    expect([rounded(chosen.volume.spacing), rounded(chosen.volume.origin)]).toEqual([spacing, origin]);
    expect(chosen.notes.join()).not.toMatch(/contradict/);
    expect((await read(path, 'sform')).volume.direction).toEqual(volume.direction);
  });

  it('uses the only one that is there, whatever is chosen', async () => {
    const path = await changed(codes(0, 1), real(at.qoffset, 99));
    expect((await read(path, 'qform')).volume.origin).toEqual([-10, 20, -30]);
    const other = await changed(codes(1, 0), real(at.srow, 99));
    expect((await read(other, 'sform')).volume.origin).toEqual([-10, 20, -30]);
  });

  it.each<[string, Change]>([
    ['NaN', real(at.srow, Number.NaN)],
    ['rows of 0', real(at.srow, ...new Array(12).fill(0))],
    ['two parallel axes', real(at.srow, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0)],
  ])('uses the qform where the sform has %s, with a note', async (_, change) => {
    const { volume, notes } = await read(await changed(change));
    expect(rounded(volume.spacing)).toEqual([0.5, 0.75, 2]);
    expect(notes.join()).toMatch(/its field srow_x.* its qform is used/);
  });

  it('uses the sform where the qform has NaN, with a note, and refuses what is chosen and unusable', async () => {
    const path = await changed(real(at.quaternion, Number.NaN));
    const { volume, notes } = await read(path);
    expect(rounded(volume.origin)).toEqual([-10, 20, -30]);
    expect(notes.join()).toMatch(/its field quatern_b.* NaN.* its sform is used/);
    await expect(read(path, 'qform')).rejects.toMatchObject({ code: 'nifti-header' });
    await expect(read(await changed(real(at.srow, Number.NaN), codes(0, 1)))).rejects.toMatchObject({
      code: 'nifti-header',
    });
  });

  it.each([0, Number.NaN])('takes a qfac of %s as 1', async (qfac) => {
    const { volume, notes } = await read(await changed(real(at.pixdim, qfac)), 'qform');
    expect([rounded(volume.direction[2]), notes]).toEqual([[0, 0, -1], []]);
    expect((await read(await changed(real(at.pixdim, -1)))).notes.join()).toMatch(/contradict each other/);
  });

  it('notes a pixdim that contradicts the sform where there is no qform', async () => {
    const { volume, notes } = await read(await changed(codes(0, 1), real(at.pixdim + 4, 1, 1, 1)));
    expect(rounded(volume.spacing)).toEqual([0.5, 0.75, 2]);
    expect(notes.join()).toMatch(
      /its pixdim \(1 x 1 x 1\) contradicts the distances of its sform \(0\.5 x 0\.75 x 2\)/,
    );
    expect((await read(await changed(codes(0, 1), real(at.pixdim + 4, 0, 0, 0)))).notes).toEqual([]);
  });

  it('is noted as a mask, and placed by the transform of its scan', async () => {
    const path = await changed(real(at.qoffset, 15));
    const notes: string[] = [];
    await readMask(path, { onNote: (text) => notes.push(text) });
    expect(notes.join()).toMatch(/contradict each other/);
    const { volume } = await read(path, 'qform');
    notes.length = 0;
    expect([...(await readMaskFor(volume, path, { onNote: (text) => notes.push(text) }))]).toEqual([...scan.voxels]);
    expect(notes.join()).toMatch(/the one that fits the scan is used/);
  });
});
