import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  encodeNpy,
  encodeNpySync,
  encodeNpz,
  encodeNpzSync,
  encodePt,
  encodePtSync,
  encodeTensors,
  encodeTensorsSync,
  type FileSource,
  fromData,
  loadNpy,
  loadNpySync,
  loadNpz,
  loadNpzSync,
  loadPt,
  loadPtSync,
  loadTensors,
  loadTensorsSync,
  memory,
  nn,
  ones,
  ops,
  optim,
  readMetadataSync,
  saveNpy,
  saveNpz,
  savePt,
  saveTensors,
  saveTensorsSync,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const folder = scratchFolderPerTest('in-memory');
const at = (name: string) => path.join(folder, name);

const x = tensor([
  [1.5, -2, 3],
  [4, 5, 6],
]);
const flags = tensor([true, false]);
const all = () => ({ x, flags, half: x.to('float16'), empty: zeros([0, 3]), scalar: tensor(7n) });
type Named = Map<string, Tensor>;

interface Format {
  name: string;
  encode(): Promise<Buffer>;
  encodeSync(): Buffer;
  load(source: FileSource): Promise<unknown>;
  loadSync(source: FileSource): unknown;
  save(file: string | URL): Promise<void>;
  tensorsOf(loaded: unknown): Named;
}

const formats: Format[] = [
  {
    name: 'safetensors',
    encode: () => encodeTensors(all(), { by: 'test' }),
    encodeSync: () => encodeTensorsSync(all(), { by: 'test' }),
    load: loadTensors,
    loadSync: loadTensorsSync,
    save: (file) => saveTensors(file, all(), { by: 'test' }),
    tensorsOf: (loaded) => (loaded as { tensors: Named }).tensors,
  },
  {
    name: '.pt',
    encode: () => encodePt(new Map(Object.entries(all()))),
    encodeSync: () => encodePtSync(new Map(Object.entries(all()))),
    load: loadPt,
    loadSync: loadPtSync,
    save: (file) => savePt(file, new Map(Object.entries(all()))),
    tensorsOf: (loaded) => loaded as Named,
  },
  {
    name: '.npy',
    encode: () => encodeNpy(x),
    encodeSync: () => encodeNpySync(x),
    load: loadNpy,
    loadSync: loadNpySync,
    save: (file) => saveNpy(file, x),
    tensorsOf: (loaded) => new Map([['x', loaded as Tensor]]),
  },
  {
    name: '.npz',
    encode: () => encodeNpz(all(), { compress: true }),
    encodeSync: () => encodeNpzSync(all()),
    load: loadNpz,
    loadSync: loadNpzSync,
    save: (file) => saveNpz(file, all()),
    tensorsOf: (loaded) => loaded as Named,
  },
];

describe.each(formats)('$name in memory', ({ encode, encodeSync, load, loadSync, save, tensorsOf }) => {
  const expectAll = (loaded: unknown) => {
    const own: Record<string, Tensor> = all();
    const found = tensorsOf(loaded);
    expect(found.size).toBeGreaterThan(0);
    for (const [name, value] of found) expect(value.equal(own[name]!), name).toBe(true);
  };

  it('is read from every kind of buffer, at any offset, without an alias', async () => {
    const bytes = await encode();
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const sources: FileSource[] = [
      bytes,
      shifted.subarray(3),
      new DataView(shifted.buffer, 3),
      new Uint8Array(bytes).buffer,
      shared,
      shared.buffer,
    ];
    for (const source of sources) {
      expectAll(loadSync(source));
      expectAll(await load(source));
    }
    const copy = Buffer.from(bytes);
    const loading = load(copy);
    copy.fill(0);
    expectAll(await loading);
    expectAll(loadSync(encodeSync()));
  });

  it('is the same as the file, by path and by URL', async () => {
    const url = pathToFileURL(at('a file ü'));
    await save(url);
    expectAll(await load(url));
    expectAll(loadSync(at('a file ü')));
    expectAll(loadSync(fs.readFileSync(url)));
  });

  it('cut short, empty or wrong, is one error and leaves no tensor', async () => {
    const bytes = encodeSync();
    const { handles } = memory();
    for (const length of [0, 1, 9, bytes.length >> 1, bytes.length - 1]) {
      const part = bytes.subarray(0, length);
      expect(() => loadSync(part), `${length}`).toThrow(/^reading a buffer: |Error: reading a buffer/);
      await expect(load(part)).rejects.toMatchObject({ name: 'NoduleTrainError' });
    }
    expect(memory().handles).toBe(handles);
  });
});

describe('a file', () => {
  it('of a wrong path is refused with one error, before anything is done', async () => {
    const wrong: unknown[] = ['', 'a\0b', null, undefined, 7, {}, new URL('https://example.org/a'), Symbol('s')];
    for (const file of wrong) {
      expect(() => loadTensorsSync(file as string)).toThrow(expect.objectContaining({ code: 'path' }));
      await expect(loadPt(file as string)).rejects.toMatchObject({ code: 'path' });
      await expect(saveTensors(file as string, { x })).rejects.toMatchObject({ code: 'path' });
      expect(() => saveTensorsSync(file as string, { x })).toThrow(expect.objectContaining({ code: 'path' }));
    }
  });

  it('keeps its old content where a tensor cannot be stored', () => {
    saveTensorsSync(at('a'), { x }, { by: 'before' });
    const complex = ops.complex(ones([2]), ones([2]));
    for (const unfit of [complex, { x: complex }, new Map([['x', 1]])])
      expect(() => saveTensorsSync(at('a'), unfit as never)).toThrow();
    const gone = ones([2]);
    gone.dispose();
    expect(() => saveTensorsSync(at('a'), { gone })).toThrow(/disposed/);
    expect(readMetadataSync(at('a'))).toEqual({ by: 'before' });
    expect(readMetadataSync(fs.readFileSync(at('a')))).toEqual({ by: 'before' });
    expect(fs.readdirSync(folder)).toEqual(['a']);
  });

  it('holds the values at the call, or saving fails, where a tensor changes meanwhile', async () => {
    const shown = fromData(new Float32Array(1 << 20));
    const view = shown.data() as Float32Array;
    const saving = saveTensors(at('a'), { shown });
    view.fill(1);
    await saving;
    expect(loadTensorsSync(at('a')).tensors.get('shown')!.sum().item()).toBe(0);
    const changed = zeros([1 << 20]);
    const failing = saveTensors(at('b'), { changed });
    changed.add_(1);
    await expect(failing).rejects.toMatchObject({ code: 'tensor-changed' });
    expect(fs.readdirSync(folder)).toEqual(['a']);
    const copied = fromData(new Float32Array(1 << 20));
    const own = copied.data() as Float32Array;
    const bytes = copied.dataAsync();
    own.fill(2);
    expect((await bytes)[0]).toBe(0);
  });
});

it('settings of a loaded optimizer state must be finite numbers', () => {
  const net = nn.linear(2, 1);
  const optimizer = optim.adam(net.parameters(), { lr: 0.1 });
  const state = optimizer.stateDict();
  for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    const wrong = new Map(state).set('param_groups.0.lr', tensor(value, { dtype: 'float64' }));
    expect(() => optimizer.loadStateDict(wrong)).toThrow(
      /the setting lr of the state is \S+, expected a finite number/,
    );
  }
  expect(optimizer.lr).toBe(0.1);
  optimizer.loadStateDict(state);
});
