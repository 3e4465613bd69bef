import { execFileSync } from 'node:child_process';
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
  op,
  ops,
  optim,
  saveNpy,
  saveNpySync,
  saveNpz,
  saveNpzSync,
  savePt,
  savePtSync,
  saveTensors,
  saveTensorsSync,
  type Tensor,
  tensor,
  zeros,
} from '../../../dist/torch/index.js';
import { native } from '../../../dist/torch/native.js';
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

  const kinds = (): Record<string, unknown> => {
    const gone = ones([2]);
    gone.dispose();
    const complex = ops.complex(ones([2]), ones([2]));
    return {
      complex,
      uint16: ops.to(ones([2]), 'uint16'),
      float8: ops.to(ones([2]), 'float8_e4m3fn'),
      sparse: op('aten::to_sparse')(ones([2, 2])),
      gone,
      inside: new Map([['a', [complex]]]),
    };
  };
  const writers: Record<string, ((file: string, x: Tensor) => unknown)[]> = {
    safetensors: [(file, x) => saveTensors(file, { x }), (file, x) => saveTensorsSync(file, { x })],
    '.pt': [(file, x) => savePt(file, { x }), (file, x) => savePtSync(file, { x })],
    '.npy': [(file, x) => saveNpy(file, x), (file, x) => saveNpySync(file, x)],
    '.npz': [(file, x) => saveNpz(file, { x }), (file, x) => saveNpzSync(file, { x })],
  };
  it.each(Object.entries(writers))('%s keeps its old content where a tensor cannot be stored', async (_, saves) => {
    fs.writeFileSync(at('a'), 'before');
    for (const [kind, x] of Object.entries(kinds()))
      for (const save of saves) {
        const saving = (async () => save(at('a'), x as Tensor))();
        await expect(saving, kind).rejects.toMatchObject({ name: 'NoduleTrainError' });
        expect(fs.readFileSync(at('a'), 'utf8'), kind).toBe('before');
      }
    expect(fs.readdirSync(folder)).toEqual(['a']);
  });

  it.each(Object.entries(writers))(
    '%s is written through a link, and never over a pipe or a folder',
    async (_, saves) => {
      execFileSync('mkfifo', [at('pipe')]);
      fs.mkdirSync(at('folder'));
      for (const [link, target] of [
        ['to-pipe', 'pipe'],
        ['to-folder', 'folder'],
        ['to-file', 'file'],
        ['to-nowhere', 'missing/x'],
        ['loop', 'loop'],
      ] as const)
        fs.symlinkSync(target, at(link));
      for (const save of saves) {
        for (const name of ['pipe', 'to-pipe', 'folder', 'to-folder', 'to-nowhere', 'loop']) {
          const saving = (async () => save(at(name), x))();
          await expect(saving, name).rejects.toMatchObject({ code: 'write-failed' });
        }
        await save(at('to-file'), x);
      }
      expect(fs.lstatSync(at('pipe')).isFIFO() && fs.lstatSync(at('to-file')).isSymbolicLink()).toBe(true);
      expect(fs.statSync(at('file')).size).toBeGreaterThan(24);
      expect(fs.readdirSync(folder)).toHaveLength(8);
    },
  );

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

it('a loaded optimizer state that does not fit is refused with the name of the entry, and nothing is changed', () => {
  const net = nn.linear(2, 1);
  const optimizer = optim.adam(net.parameters());
  net
    .forward(ones([1, 2]))
    .sum()
    .backward();
  optimizer.step();
  const state = optimizer.stateDict();
  const before = new Map([...state].map(([name, value]) => [name, value.clone()]));
  const other = new Map([...before].map(([name, value]) => [name, value.mul(name.endsWith('step') ? 3 : 0.5)]));
  const wrong: [string, Tensor, RegExp][] = [
    ['state.1.exp_avg', tensor([Number.NaN]), /parameter 1 has a loaded state exp_avg with NaN/],
    ['state.1.exp_avg_sq', tensor([Number.NaN]), /parameter 1 has a loaded state exp_avg_sq with NaN/],
    ['state.1.exp_avg_sq', tensor([-1]), /exp_avg_sq with negative numbers/],
    ['state.1.step', tensor(Number.NaN), /parameter 1 has a loaded state step of nan/],
    ['state.1.step', tensor(-1), /step of -1/],
    ['state.1.step', tensor(1.5), /step of 1\.5/],
    ['state.1.step', tensor(Number.POSITIVE_INFINITY), /step of inf/],
    ['state.1.exp_avg', ops.complex(ones([1]), ones([1])), /exp_avg of .*expected a dense tensor of real numbers/],
    ['state.1.exp_avg', ones([2]), /has shape \[1\], but its loaded state exp_avg has \[2\]/],
    ['state.1.sum', ones([1]), /no state named sum/],
    ['param_groups.0.betas', tensor([1, 0.9], { dtype: 'float64' }), /beta1 of the state is 1, expected .* below 1/],
  ];
  for (const [name, value, text] of wrong) {
    expect(() => optimizer.loadStateDict(new Map(other).set(name, value)), name).toThrow(text);
    for (const [own, found] of optimizer.stateDict()) expect(found.equal(before.get(own)!), own).toBe(true);
  }
  // As in Python: an infinite moment stays possible, and so does another dtype.
  const infinite = tensor([Number.POSITIVE_INFINITY], { dtype: 'float64' });
  optimizer.loadStateDict(new Map(before).set('state.1.exp_avg_sq', infinite));
  expect(optimizer.stateDict().get('state.1.exp_avg_sq')!.item()).toBe(Number.POSITIVE_INFINITY);
});

it('where the runtime forbids buffers over other memory, as Electron does, data() names it and all else copies', async () => {
  const large = fromData(new Float32Array(1 << 20).fill(3));
  native().forbidExternalBuffers(true);
  try {
    expect(() => large.data()).toThrow(/data\(\): this runtime allows no buffers .* \(Electron\).*Call dataAsync\(\)/);
    expect((await large.dataAsync())[9]).toBe(3);
    expect((large.toArray() as number[])[9]).toBe(3);
    expect(zeros([0]).data()).toHaveLength(0);
    for (const bytes of [encodeTensorsSync({ large }), await encodeTensors({ large })])
      expect(loadTensorsSync(bytes).tensors.get('large')!.equal(large)).toBe(true);
    await savePt(at('pt'), new Map([['large', large]]));
    await saveNpz(at('npz'), { large });
    expect(loadNpzSync(at('npz')).get('large')!.equal(large)).toBe(true);
  } finally {
    native().forbidExternalBuffers(false);
  }
  expect(large.data()[9]).toBe(3);
});
