import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask, readVolume, type Volume, writeMask, writeVolume } from '../../dist/ct/index.js';
import { loadPtSync, loadTensorsSync, savePtSync, type Tensor } from '../../dist/torch/index.js';
import { runCli } from '../support/cli.js';
import { rampVolume } from '../support/rampVolume.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedData } from '../support/shared.js';
import { writeModel } from '../support/smallModel.js';

const folder = scratchFolder('convert');
const at = (name: string) => path.join(folder, name);
const convert = (...args: string[]) => runCli(['convert', ...args]);

const scan: Volume = { ...rampVolume, uid: 'scan' };

describe('convert', { timeout: 60_000 }, () => {
  beforeAll(() => writeVolume(at('scan.mha'), scan));

  it('carries a scan through every format without changing it', async () => {
    const chain = ['scan.mha', 'a.nii.gz', 'b.nrrd', 'c.mhd', 'd.nii', 'e.nhdr', 'f.mha'];
    for (const [n, to] of chain.slice(1).entries()) {
      const { status, stderr } = convert(at(chain[n] as string), at(to));
      expect(status, stderr).toBe(0);
    }
    expect(await readVolume(at('f.mha'))).toEqual({ ...scan, uid: 'f' });
  });

  it('reports what it wrote, as text and as JSON', () => {
    expect(convert(at('scan.mha'), at('said.nrrd')).stdout).toMatch(
      /said\.nrrd: 5 x 4 x 3 voxels, 0\.703125 x 0\.75 x 1\.25 mm, hu\.\n$/,
    );
    const { stdout } = convert(at('scan.mha'), at('json.nrrd'), '--json');
    expect(JSON.parse(stdout.trim())).toMatchObject({
      type: 'end',
      status: 'finished',
      shape: [3, 4, 5],
      intensity: 'hu',
    });
  });

  it('overwrites nothing: neither its own input nor a file of values beside the output', () => {
    for (const [from, to] of [
      ['scan.mha', 'scan.mha'],
      ['scan.mha', 'taken.mhd'],
      ['scan.mha', 'taken.nhdr'],
    ] as const) {
      if (to.startsWith('taken')) writeFileSync(at(to === 'taken.mhd' ? 'taken.zraw' : 'taken.raw.gz'), 'mine');
      const before = readFileSync(at('scan.mha'));
      const { status, stderr } = convert(at(from), at(to));
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/^error: converting .*: .* already exists, and nothing is overwritten/),
      ]);
      expect(readFileSync(at('scan.mha'))).toEqual(before);
      expect(existsSync(at('taken.mhd')) || existsSync(at('taken.nhdr'))).toBe(false);
    }
  });

  it('writes labels as bytes with --mask, and refuses a scan as one', async () => {
    const labels = { ...scan, voxels: Uint8Array.from({ length: 60 }, (_, k) => k % 3) };
    await writeMask(at('labels.nrrd'), labels);
    expect(convert(at('labels.nrrd'), at('labels.nii.gz'), '--mask').status).toBe(0);
    expect((await readMask(at('labels.nii.gz'))).voxels).toEqual(labels.voxels);
    expect(convert(at('scan.mha'), at('no.nii.gz'), '--mask').stderr).toMatch(/^error: .*whole numbers from 0 to 255/m);
    expect(existsSync(at('no.nii.gz'))).toBe(false);
  });

  it('refuses sheared axes with the figures, and straightens them with --resample', async () => {
    const header = [
      'ObjectType = Image',
      'NDims = 3',
      'TransformMatrix = 1 0 0 0 1 0 0 0.3 1',
      'ElementSpacing = 1 1 2',
      'DimSize = 5 4 3',
      'Modality = MET_MOD_CT',
      'ElementType = MET_SHORT',
      'ElementDataFile = LOCAL\n',
    ].join('\n');
    writeFileSync(at('tilted.mha'), Buffer.concat([Buffer.from(header), Buffer.from(scan.voxels.buffer)]));
    expect(convert(at('tilted.mha'), at('straight.nrrd')).stderr).toMatch(
      /TransformMatrix .* deviate from orthonormal by 0\.3.*--resample/,
    );
    expect(convert(at('tilted.mha'), at('straight.nrrd'), '--resample').status).toBe(0);
    expect((await readVolume(at('straight.nrrd'))).direction).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });

  it('uses the kind of values given with --intensity, and reports its guess without it', async () => {
    writeFileSync(
      at('silent.mha'),
      readFileSync(at('scan.mha'))
        .toString('latin1')
        .replace(/Modality.*\n/, ''),
      'latin1',
    );
    expect(convert(at('silent.mha'), at('guessed.nrrd')).stdout).toMatch(/^Note: .*assuming 'hu'/);
    expect(convert(at('silent.mha'), at('given.nrrd'), '--intensity', 'arbitrary').stdout).not.toMatch(/Note/);
    expect((await readVolume(at('given.nrrd'))).intensity).toBe('arbitrary');
  });

  it('names a file that it cannot read or write before it reads anything', () => {
    expect(convert(at('scan.mha'), at('out.dcm')).stderr).toMatch(
      /^error: writing the scan .*can be read but not written\. Write a \.mha/,
    );
    expect(convert(at('scan.mha'), at('out.png')).stderr).toMatch(/extension is "\.png"/);
    expect(convert(at('gone.mha'), at('out.mha')).stderr).toMatch(/gone\.mha: there is no such file/);
    expect(convert(at('scan.mha'), at('out.mha'), '--pooling', 'avg')).toMatchObject({ status: 2 });
  });

  const slab = sharedData('dicom', 'Lung-PET-CT-Dx-A0001-slab');
  it.skipIf(slab === null)('reads a DICOM folder (skipped without ../shared/data)', async () => {
    const { status, stderr } = convert(slab as string, at('slab.nii.gz'));
    expect(status, stderr).toBe(0);
    const [dicom, nifti] = [
      await readVolume(slab as string, { onNote: () => {} }),
      await readVolume(at('slab.nii.gz')),
    ];
    expect(nifti.voxels).toEqual(dicom.voxels);
    expect(nifti.shape).toEqual(dicom.shape);
  });
});

const bytesIn = (state: ReadonlyMap<string, Tensor>) =>
  [...state].map(([name, tensor]) => [name, tensor.dtype, tensor.shape, tensor.toArray()]);

describe('convert, with a model', { timeout: 60_000 }, () => {
  it('converts the weights of a checkpoint to .pt, to .state and back, and reports what is lost', () => {
    writeModel(at('model.safetensors'));
    const { tensors } = loadTensorsSync(at('model.safetensors'));
    const { status, stdout, stderr } = convert(at('model.safetensors'), at('model.pt'));
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/cannot record how the network pools; give --pooling max/);
    expect(bytesIn(loadPtSync(at('model.pt')) as Map<string, Tensor>)).toEqual(bytesIn(tensors));
    expect(convert(at('model.pt'), at('model.state')).stdout).toMatch(
      /does not record how the network pools; convert it again with --pooling max or --pooling avg/,
    );
    expect([...(loadPtSync(at('model.state')) as Map<string, unknown>).keys()]).toEqual(['model_state']);
    expect(convert(at('model.state'), at('back.safetensors'), '--pooling', 'max').stdout).not.toMatch(/Note/);
    const back = loadTensorsSync(at('back.safetensors'));
    expect(back.metadata).toMatchObject({ pooling: 'max' });
    expect(bytesIn(back.tensors)).toEqual(bytesIn(tensors));
  });

  it('refuses contradicting pooling, an existing output, a file without weights, and options for scans', () => {
    writeModel(at('m.safetensors'));
    expect(convert(at('m.safetensors'), at('n.pt'), '--pooling', 'avg').stderr).toMatch(/the file records max/);
    expect(convert(at('m.safetensors'), at('m.safetensors')).stderr).toMatch(
      /already exists, and nothing is overwritten/,
    );
    savePtSync(at('list.pt'), [1, 2]);
    expect(convert(at('list.pt'), at('n.pt')).stderr).toMatch(/found no state_dict/);
    expect(convert(at('m.safetensors'), at('n.nrrd')).stderr).toMatch(/is not that of a model, expected \.safetensors/);
    expect(convert(at('m.safetensors'), at('n.pt'), '--mask')).toMatchObject({ status: 2 });
    expect(existsSync(at('n.pt'))).toBe(false);
  });
});
