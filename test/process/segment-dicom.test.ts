import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Matrix3, readMask, readSegmentation, readVolume, type Volume, writeVolume } from '../../dist/ct/index.js';
import { readMaskFor } from '../../dist/labels/readMaskFor.js';
import { writePhantoms } from '../../dist/phantom/index.js';
import { cliIn, jsonLines, succeeded } from '../support/cli.js';
import { dicomBytes, patient, type Stack } from '../support/dicomBytes.mjs';
import { writeSeriesSync } from '../support/dicomSeries.js';
import { enhancedFields } from '../support/enhancedCt.js';
import { reoriented } from '../support/orientations.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedData } from '../support/shared.js';

const folder = scratchFolder('segment-dicom');
const run = cliIn(folder);
const at = (...path: string[]) => join(folder, ...path);
/** Loose, so that a small phantom has nodules. */
const model = ['--model', 'phantom-hu', '--threshold', '0.3', '--minimum-voxels', '1', '--minimum-score', '0'];
const segment = (scan: string, out: string, ...more: string[]) =>
  run('segment', scan, ...model, '--device', 'cpu', '--out', out, ...more);
const everyFormat = 'seg,labelmap,sr,nifti,mha,nrrd,json,csv,png,html,luna16-csv';
/** The folder of the only scan of a result. */
const resultIn = (out: string) =>
  at(out, readdirSync(at(out), { withFileTypes: true }).find((entry) => entry.isDirectory())!.name);
const record = (dir: string) => JSON.parse(readFileSync(join(dir, 'nodules.json'), 'utf8'));
/** Every text of a DICOM file that looks like a derived UID. */
const uidsIn = (file: string): Set<string> => new Set(readFileSync(file, 'latin1').match(/2\.25\.\d+/g));
const masksOf = async (scan: Volume, file: string, numbers: readonly number[]) =>
  Promise.all(numbers.map(async (segment) => [...(await readMaskFor(scan, file, { segment }))]));

let scan: Volume;
beforeAll(async () => {
  await writePhantoms(at('phantoms'), { count: 1, size: [24, 128, 128], spacing: [2.6, 2.6, 5], threads: 1, seed: 3 });
  const name = readdirSync(at('phantoms', 'subset0')).find((file) => file.endsWith('.mhd'))!;
  const phantom = await readVolume(at('phantoms', 'subset0', name), { onNote: () => {} });
  const stack: Stack = {
    ...phantom,
    spacing: phantom.spacing!,
    stored: phantom.voxels.map((hu) => Math.max(hu, -1024) + 1024),
  };
  // The same voxels as DICOM, with a planted patient, and as MetaImage.
  writeSeriesSync(at('series'), stack);
  scan = await readVolume(at('series'), { onNote: () => {} });
  mkdirSync(at('images'));
  await writeVolume(at('images', 'same.mha'), scan);
  await writeVolume(
    at('images', 'turned.mha'),
    reoriented(scan, { name: '', order: [0, 1, 2], flipped: [false, true, false] }),
  );
}, 120_000);

describe('nodule-train segment on a DICOM series', { timeout: 300_000 }, () => {
  let dir: string;
  let printed: string;
  beforeAll(() => {
    const { stdout, stderr } = succeeded(
      segment('series', 'all', '--format', everyFormat, '--probabilities', '--json'),
    );
    printed = stdout + stderr;
    dir = resultIn('all');
  }, 300_000);

  it('writes objects whose segments are the nodules, voxel for voxel', async () => {
    const { nodules, files, notWritten } = record(dir);
    expect(nodules.length).toBeGreaterThan(1);
    expect(notWritten).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['seg.dcm', 'labelmap.dcm', 'sr.dcm']));
    const labels = (await readMask(join(dir, 'labels.nii.gz'))).voxels;
    const numbers: number[] = nodules.map(({ number }: { number: number }) => number);
    for (const file of ['seg.dcm', 'labelmap.dcm'])
      for (const [k, mask] of (await masksOf(scan, join(dir, file), numbers)).entries()) {
        expect(mask).toEqual(Array.from(labels, (label) => (label === numbers[k] ? 1 : 0)));
        expect(mask.filter(Boolean)).toHaveLength(nodules[k].voxels);
        const { segment } = await readSegmentation(join(dir, file), { segment: `Nodule ${numbers[k]}` });
        expect(segment.number).toBe(numbers[k]);
      }
  });

  it('has the same tracking in SEG, LABELMAP and SR, and refers from SR to SEG', () => {
    const { nodules } = record(dir);
    const [seg, labelmap, sr] = ['seg.dcm', 'labelmap.dcm', 'sr.dcm'].map((file) => uidsIn(join(dir, file)));
    // Only the tracking UIDs are in all three, beside that of the writer.
    const shared = [...seg!].filter((uid) => labelmap!.has(uid) && sr!.has(uid));
    expect(shared).toHaveLength(nodules.length + 1);
    // SEG's own instance and series are in SR too.
    expect([...seg!].filter((uid) => sr!.has(uid))).toHaveLength(nodules.length + 3);
  });

  it('shows the patient in the DICOM objects only', () => {
    const secret = /planted/i;
    expect(printed).not.toMatch(secret);
    const seen = readdirSync(at('all'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => secret.test(readFileSync(file, 'latin1')));
    expect(seen.map((file) => file.slice(dir.length + 1)).sort()).toEqual(['labelmap.dcm', 'seg.dcm', 'sr.dcm']);
    for (const file of seen) {
      const text = readFileSync(file, 'latin1');
      expect(text).toContain(patient.PatientName);
      expect(text).not.toMatch(/Planted General|chest of Felicitas/);
    }
  });

  it('writes the same objects for the scan in another format, with the series as its reference', async () => {
    const format = ['--format', 'seg,labelmap,sr,csv'];
    const without = jsonLines(succeeded(segment('images/same.mha', 'same', ...format, '--json')).stdout);
    expect(JSON.stringify(without)).toMatch(/No seg, labelmap, sr was written/);
    // The result without DICOM objects does not count as complete now.
    succeeded(segment('images/same.mha', 'same', ...format, '--reference', 'series'));
    succeeded(segment('images/turned.mha', 'turned', ...format, '--reference', 'series'));
    const numbers = record(dir).nodules.map(({ number }: { number: number }) => number);
    const expected = await masksOf(scan, join(dir, 'seg.dcm'), numbers);
    for (const file of ['seg.dcm', 'labelmap.dcm'])
      expect(await masksOf(scan, join(resultIn('same'), file), numbers)).toEqual(expected);
    // Another order of voxels can change the last digits of the network, not the place of what it finds.
    const turned = resultIn('turned');
    const found: number = record(turned).nodules.reduce(
      (sum: number, { voxels }: { voxels: number }) => sum + voxels,
      0,
    );
    const all = record(turned).nodules.map(({ number }: { number: number }) => number);
    const marked = (await masksOf(scan, join(turned, 'seg.dcm'), all)).flat().filter(Boolean);
    expect(marked).toHaveLength(found);
    const volume = await readVolume(at('images', 'turned.mha'), { onNote: () => {} });
    expect((await masksOf(volume, join(turned, 'seg.dcm'), all)).flat().filter(Boolean)).toHaveLength(found);
  });

  it('keeps a result only for the same options of DICOM objects', () => {
    const counts = (...more: string[]) =>
      jsonLines(succeeded(segment('series', 'kept', '--format', 'seg', '--json', ...more)).stdout).at(-1)!.kept;
    expect([counts(), counts(), counts('--all-frames'), counts('--all-frames')]).toEqual([0, 1, 0, 1]);
  });

  it('segments a series again that was still being copied', () => {
    const run = (slices: number) => {
      const stack: Stack = { ...scan, spacing: scan.spacing!, stored: scan.voxels.map((hu) => hu + 1024) };
      writeSeriesSync(at('incoming'), stack, { name: (k) => (k < slices ? `${k}` : null) });
      const { kept } = jsonLines(succeeded(segment('incoming', 'copied', '--format', 'seg', '--json')).stdout).at(-1)!;
      return [kept, record(resultIn('copied')).shape[0]];
    };
    expect([run(20), run(20), run(24)]).toEqual([[0, 20], [1, 20], [0, 24]]); // biome-ignore format: pairs
  });

  it('refuses a reference with another grid before it segments', async () => {
    const wrong: Stack = { ...scan, spacing: scan.spacing!, origin: [scan.origin[0] + 40, 0, 0], stored: scan.voxels };
    writeSeriesSync(at('elsewhere'), wrong);
    const bad = segment('images/same.mha', 'wrong', '--format', 'seg,nifti', '--reference', 'elsewhere');
    expect(bad.status).toBe(1);
    expect(bad.stdout + bad.stderr).toMatch(
      /matching the reference elsewhere to its scan .*its voxel \[0, 0, 0\] lies at index .*expected the scan's own grid/,
    );
    expect(bad.stdout + bad.stderr).not.toMatch(/planted/i);
    expect(readdirSync(resultIn('wrong'))).toEqual(['segment.log.jsonl']);
    writeSeriesSync(at('fewer'), { ...wrong, shape: [12, ...scan.shape.slice(1)] });
    const other = segment('images/same.mha', 'wrong', '--format', 'seg', '--reference', 'fewer');
    expect(other.stdout + other.stderr).toMatch(/reading the reference fewer: it has \[12,128,128\] voxels, expected/);
  });

  it('writes an object without findings for a scan without nodules', async () => {
    const args = ['--minimum-voxels', '100000', '--format', 'seg,labelmap,sr'];
    succeeded(segment('series', 'none', ...args));
    for (const file of ['seg.dcm', 'labelmap.dcm']) {
      const { segment: only, frames } = await readSegmentation(join(resultIn('none'), file));
      expect(only.label).toBe('No nodule found');
      expect(frames.every(({ mask }) => mask.every((value) => value === 0))).toBe(true);
    }
    // The report refers to no segment.
    const instances = uidsIn(join(resultIn('none'), 'seg.dcm'));
    const shared = [...uidsIn(join(resultIn('none'), 'sr.dcm'))].filter((uid) => instances.has(uid));
    expect(shared).toHaveLength(1);
  });
});

const slab = sharedData('dicom', 'Lung-PET-CT-Dx-A0001-slab');
describe('nodule-train segment on series of every kind', { timeout: 300_000 }, () => {
  /** The phantom with a gantry tilt of 12°: each slice lies further along y. */
  const tilt = (k: number) => ({
    ImagePositionPatient: [
      scan.origin[0],
      scan.origin[1] + k * 5 * Math.tan((12 * Math.PI) / 180),
      scan.origin[2] + k * 5,
    ].map((mm) => mm.toFixed(6)),
  });
  const stackOf = (changes: Partial<Stack> = {}): Stack => ({
    ...scan,
    spacing: scan.spacing!,
    stored: scan.voxels.map((hu) => hu + 1024),
    ...changes,
  });
  const prone: Matrix3 = [
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, 1],
  ];
  const enhancedFile = () => {
    writeFileSync(at('enhanced.dcm'), dicomBytes(enhancedFields(stackOf())));
    return at('enhanced.dcm');
  };
  /** The middle slice alone. */
  const oneSlice = () => stackOf().stored.slice(12 * 128 * 128, 13 * 128 * 128);

  it.each([
    ['tilted', () => writeSeriesSync(at('tilted'), stackOf(), { over: tilt }), ['--resample']],
    ['prone', () => writeSeriesSync(at('prone'), stackOf({ direction: prone })), []],
    ['enhanced', () => enhancedFile(), []],
    ['one slice', () => writeSeriesSync(at('single'), stackOf({ shape: [1, 128, 128], stored: oneSlice() })), []],
  ] as const)('writes SEG and SR on the stored slices: %s', async (name, make, options) => {
    const source = make();
    const out = `kind-${name.replace(' ', '-')}`;
    succeeded(segment(source, out, '--format', 'seg,sr,labelmap,nifti', ...options));
    const dir = resultIn(out);
    const { nodules, files } = record(dir);
    expect(files).toEqual(expect.arrayContaining(['seg.dcm', 'sr.dcm', 'labelmap.dcm', 'labels.nii.gz']));
    // A single slice need not have one: its object then says so.
    if (name !== 'one slice') expect(nodules.length).toBeGreaterThan(0);
    const read = await readSegmentation(join(dir, 'seg.dcm'), { segment: 1 });
    const marked = read.frames.reduce((sum, { mask }) => sum + mask.reduce((all, one) => all + one, 0), 0);
    if (name === 'tilted') {
      // Resampled: about as many pixels, each frame at the position of a stored slice.
      expect(marked / nodules[0].voxels).toBeGreaterThan(0.6);
      expect(marked / nodules[0].voxels).toBeLessThan(1.6);
      const positions = Array.from({ length: 24 }, (_, k) => tilt(k).ImagePositionPatient.map(Number));
      for (const { position } of read.frames)
        expect(
          Math.min(...positions.map((stored) => Math.hypot(...stored.map((mm, n) => mm - position[n]!)))),
        ).toBeLessThan(1e-3);
    } else expect(marked).toBe(nodules[0]?.voxels ?? 0);
  });

  it('refuses a tilted series without --resample, and says so', () => {
    const { status, stderr } = segment('tilted', 'refused', '--format', 'json');
    expect([status, stderr]).toEqual([1, expect.stringContaining('--resample')]);
  });
});

describe(`nodule-train segment on a real series${slab === null ? '; skipped: no ../shared/data' : ''}`, () => {
  it.skipIf(slab === null)('writes segments that lie on its slices', { timeout: 300_000 }, async () => {
    const loose = ['--format', 'seg,labelmap,sr,nifti', '--region', 'all'];
    succeeded(segment(slab!, 'slab', ...loose));
    const dir = resultIn('slab');
    const real = await readVolume(slab!, { onNote: () => {} });
    const labels = (await readMask(join(dir, 'labels.nii.gz'))).voxels;
    const { nodules } = record(dir);
    expect(nodules.length).toBeGreaterThan(0);
    for (const { number, voxels } of nodules.slice(0, 3))
      for (const file of ['seg.dcm', 'labelmap.dcm']) {
        const mask = await readMaskFor(real, join(dir, file), { segment: number });
        expect(mask.every((value, k) => value === (labels[k] === number ? 1 : 0))).toBe(true);
        expect(mask.reduce((sum, value) => sum + value, 0)).toBe(voxels);
      }
  });
});
