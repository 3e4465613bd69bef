import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { convertModel } from '../../../dist/evaluate/convertModel.js';
import { loadModelFile } from '../../../dist/model/loadModelFile.js';
import { modelNames, modelPath } from '../../../dist/model/namedModel.js';
import { openModel } from '../../../dist/model/openModel.js';
import { saveModel } from '../../../dist/model/saveModelFile.js';
import { loadTensorsSync, manualSeed, nn } from '../../../dist/torch/index.js';
import { resolveTrainConfig } from '../../../dist/train/config/config.js';
import { describeModel } from '../../../dist/train/parts/describeModel.js';
import { networkOptions } from '../../../dist/train/parts/networkOptions.js';
import { loadCheckpoint } from '../../../dist/train/run/checkpoint.js';
import { root } from '../../support/paths.js';
import { scratchFolder } from '../../support/scratch.js';

const folder = scratchFolder('named');

describe('an exported model', () => {
  const file = path.join(folder, 'model.safetensors');
  manualSeed(2);
  const config = resolveTrainConfig({
    data: 'private-data',
    out: 'private-run',
    contextSlices: 1,
    network: { depth: 2, wf: 2 },
  });
  const net = nn.unet(networkOptions(config));
  const more = { threshold: 0.35, minimumVoxels: 12, minimumScore: 0.6, spacing: 'native, not recorded' };
  beforeAll(() => saveModel(file, net, { ...describeModel(config, ['LIDC-IDRI-0077'], 'arbitrary'), ...more }));

  it('opens with its input, operating point and patients', () => {
    const { model, net: opened, point, trainedOn } = openModel(file, 'cpu');
    expect(model).toMatchObject({ contextSlices: 1, sizeMultiple: 2, input: { kind: 'minmax-window' } });
    expect(point).toEqual({ threshold: 0.35, minimumVoxels: 12, minimumScore: 0.6 });
    expect([...trainedOn]).toEqual(['LIDC-IDRI-0077']);
    for (const [name, tensor] of opened.stateDict())
      expect(tensor.toArray(), name).toEqual(net.stateDict().get(name)?.toArray());
    expect(loadModelFile(file).description.spacing).toBe('native, not recorded');
  });

  it('contains weights and their description, but nothing about the run or where its data are', () => {
    const { tensors, metadata } = loadTensorsSync(file);
    expect([...tensors.keys()]).toEqual([...net.stateDict().keys()]);
    expect(Object.keys(metadata).sort()).toEqual(['format', 'inputTransform', 'model', 'pooling', 'sha256']);
    expect(readFileSync(file).includes('private')).toBe(false);
    expect(() => loadCheckpoint(file)).toThrow('found an exported model, expected a checkpoint of a run');
  });

  it('is refused if its weights have changed', () => {
    const bytes = Buffer.from(readFileSync(file));
    bytes[bytes.length - 3]! ^= 0x40;
    const damaged = path.join(folder, 'damaged.safetensors');
    writeFileSync(damaged, bytes);
    expect(() => openModel(damaged, 'cpu')).toThrow('the file is damaged. Use another one.');
  });

  it('can be converted to a file of torch.save', async () => {
    const converted = await convertModel(file, path.join(folder, 'model.pt'));
    expect(converted).toMatchObject({ tensors: net.stateDict().size, pooling: 'max' });
  });
});

describe('bundled models', () => {
  it('are known by name; every other name is a path', () => {
    expect(modelNames).toEqual(['default', 'phantom-hu']);
    const own = path.join(folder, 'best.safetensors');
    writeFileSync(own, '');
    expect(modelPath(own)).toBe(own);
    for (const missing of ['./default', 'other'])
      expect(() => openModel(missing, 'cpu')).toThrow(
        `reading the model ${missing}: there is no such file, and the models of this package are default and phantom-hu.`,
      );
  });

  it('are published with the package, and can be imported by name', () => {
    const { files, exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    expect(files).toContain('models');
    expect(exports['./models/*']).toBe('./models/*');
  });

  for (const name of modelNames) {
    it(`${name}: opens by its name, is small, and has a card`, () => {
      const file = modelPath(name);
      expect(statSync(file).size).toBeLessThan(1e6);
      const { model, point, trainedOn } = openModel(name, 'cpu');
      expect(model.input.kind).toBe(name === 'default' ? 'minmax-window' : 'hu-clip');
      expect(trainedOn.size).toBeGreaterThan(0);
      for (const patient of ['LIDC-IDRI-0001', 'LIDC-IDRI-0002', 'LIDC-IDRI-0003'])
        expect(trainedOn.has(patient)).toBe(false);
      const card = readFileSync(path.join(root, 'models', name, 'README.md'), 'utf8');
      for (const word of [
        'Research use only',
        'Licence',
        'make-models.mjs',
        model.input.kind,
        `| threshold | ${point.threshold};`,
      ])
        expect(card).toContain(word);
      if (name === 'default')
        for (const word of ['CC BY 3.0', '10.7937/K9/TCIA.2015.LO9QL9SX', 'native, not recorded'])
          expect(card).toContain(word);
      expect(Object.keys(loadTensorsSync(file).metadata)).not.toContain('config');
    });
  }
});
