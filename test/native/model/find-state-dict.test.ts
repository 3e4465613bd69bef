import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readWeights } from '../../../dist/model/index.js';
import { loadPtSync, memory, ones, savePtSync, saveTensorsSync, type Tensor } from '../../../dist/torch/index.js';
import { scratchFolder } from '../../support/scratch.js';

const folder = scratchFolder('find-state-dict');
const NAMES = ['conv.weight', 'conv.bias'];
const state = (prefix = ''): Record<string, Tensor> =>
  Object.fromEntries(NAMES.map((name) => [prefix + name, ones([2])]));

let count = 0;
const saved = (value: unknown): string => {
  const file = path.join(folder, `${count++}.pt`);
  savePtSync(file, value);
  return file;
};

describe('weights in the files of other trainers', () => {
  it.each<[trainer: string, value: () => unknown, note: RegExp | null]>([
    ['a state_dict', () => state(), null],
    ['the book', () => ({ model_state: state(), epoch: 3 }), null],
    ['nnU-Net', () => ({ network_weights: state(), logging: { lrs: [0.1] } }), /those of network_weights\./],
    ['Lightning', () => ({ state_dict: state('model.'), callbacks: { a: 1 } }), /Removed model\. from the names/],
    ['torchvision', () => ({ model: state(), optimizer: { state: { 0: ones([1]) } } }), /those of model\./],
    ['a dict in a dict', () => ({ model: { state_dict: state() } }), /those of model\.state_dict\./],
    ['timm with an average', () => ({ state_dict: state(), state_dict_ema: state() }), /also has .* state_dict_ema/],
    ['DDP', () => state('module.'), /Removed module\. from/],
    ['torch.compile', () => state('_orig_mod.'), /Removed _orig_mod\. from/],
    ['DDP of torch.compile', () => state('_orig_mod.module.'), /Removed _orig_mod\., module\. from/],
    ['torch.compile of DDP', () => state('module._orig_mod.'), /Removed _orig_mod\., module\. from/],
    ['Lightning with both', () => ({ state_dict: state('model._orig_mod.module.net.') }), /model\., module\., net\./],
    [
      'a compiled part',
      () => ({ 'conv._orig_mod.weight': ones([2]), 'conv._orig_mod.bias': ones([2]) }),
      /Removed _orig_mod\./,
    ],
    [
      'Lightning with a loss and metrics',
      () => ({ state_dict: { ...state('model.'), 'loss_fn.weight': ones([1]), 'val_metrics.sum': ones([1]) } }),
      /Omitted loss_fn\.weight and 1 more, of a loss or metric\./,
    ],
    ['AveragedModel', () => ({ n_averaged: ones([]), ...state('module.') }), /Removed n_averaged, module\./],
  ])('%s', (_, make, note) => {
    const file = saved(make());
    const before = memory().handles;
    const { state: found, notes } = readWeights(file);
    expect([...found.keys()]).toEqual(NAMES);
    if (note === null) expect(notes).toEqual([]);
    else expect(notes.join(' ')).toMatch(note);
    for (const tensor of found.values()) tensor.dispose();
    expect(memory().handles, 'no other tensor is left').toBe(before);
  });

  it.each<[what: string, value: () => unknown, error: RegExp]>([
    ['a clash', () => ({ ...state(), ...state('_orig_mod.') }), /conv\.weight and _orig_mod\.conv\.weight would have/],
    ['a model twice', () => ({ ...state(), ...state('module.') }), /both conv\.weight and module\.conv\.weight/],
    [
      'no weights',
      () => ({ epoch: 1, optimizer: { lr: 0.1 } }),
      /no state_dict but a dict of epoch, optimizer, expected one/,
    ],
    ['an empty dict', () => new Map(), /no state_dict but an empty dict/],
    ['a list', () => [ones([1])], /no state_dict but a list/],
    ['a tensor', () => ones([1]), /no state_dict but a tensor/],
  ])('%s is refused', (_, make, error) => {
    const file = saved(make());
    const before = memory().handles;
    expect(() => readWeights(file)).toThrow(error);
    expect(memory().handles, 'no tensor is left').toBe(before);
  });

  it('a prefix that only some weights have is kept', () => {
    const file = saved({ ...state('model.'), 'head.weight': ones([1]) });
    expect([...readWeights(file).state.keys()]).toEqual(['model.conv.weight', 'model.conv.bias', 'head.weight']);
  });

  it('are found by content, whatever the name, and loadPt keeps their names', () => {
    const named = path.join(folder, 'weights.ckpt');
    saveTensorsSync(named, state('module.'));
    expect([...readWeights(named).state.keys()].sort()).toEqual([...NAMES].sort());
    const pt = path.join(folder, 'weights.safetensors');
    savePtSync(pt, state('module.'));
    expect([...readWeights(pt).state.keys()]).toEqual(NAMES);
    expect([...(loadPtSync(pt) as Map<string, Tensor>).keys()]).toEqual(NAMES.map((name) => `module.${name}`));
  });

  it('of safetensors that clash leave no tensor behind', () => {
    const file = path.join(folder, 'clash.safetensors');
    saveTensorsSync(file, { ...state(), ...state('module.') });
    const before = memory().handles;
    expect(() => readWeights(file)).toThrow(/both conv\./);
    expect(memory().handles).toBe(before);
  });
});
