// Gives mutated files to the readers of safetensors, .pt and .npy / .npz, in a process that its parent watches.
//   node mutatedFiles.mjs COUNT SEED FOLDER
// COUNT inputs in all, a third for each. Equal seeds give equal inputs. Prints one JSON line of figures. The rules are
// those of mutating.mjs and: no tensor is leaked.
import fs from 'node:fs';
import path from 'node:path';
import {
  arange,
  emptyCache,
  isTensor,
  loadNpySync,
  loadNpzSync,
  loadPtSync,
  loadTensorsSync,
  memory,
  ones,
  saveNpySync,
  saveNpzSync,
  savePtSync,
  saveTensorsSync,
  tensor,
} from '../../dist/torch/index.js';
import { readMemory } from '../../dist/torch/serialization/reading.js';
import { readZipDirectory } from '../../dist/torch/serialization/zip/readZipDirectory.js';
import { zipArchive, zipEntry } from '../../dist/torch/serialization/zip/writeZip.js';
import { byteMutations, EDGE_NUMBERS, inputRules, mebibytes, mutationArguments, peakMemory } from './mutating.mjs';

const { count, seed, folder, random, below, pick } = mutationArguments();
const { flipBit, setByte, truncate, removeBytes, repeatBytes, overwrite } = byteMutations({ below });
const { begin, fail, checkError, checkCost, codes } = inputRules({ seed, folder });

const withPacked = (files, packed) => Object.assign([...files, packed], { packed });

/**
 * What other trainers save: numbers, texts, dtypes and arrays of NumPy, a Counter, sets, complex numbers, bytes, keys
 * that are tuples, storages, parameters, lazy views, float8, and tensors with attributes.
 */
const OTHER_TRAINERS = (() => {
  const text = (value) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
  const storage = (key, type, elements) =>
    `(${text('storage')}c${type}\n${text(key)}${text('cpu')}K${String.fromCharCode(elements)}tQ`;
  const floats = storage('0', 'torch\nComplexFloatStorage', 2);
  const raw = storage('1', 'torch.storage\nUntypedStorage', 16);
  const tensor = `ctorch._utils\n_rebuild_tensor_v2\n(${floats}K\0K\x02\x85K\x01\x85\x89N}${text('conj')}\x88stR`;
  const typed = (dtype, size) =>
    `ctorch._utils\n_rebuild_tensor_v3\n(${raw}K\0K${String.fromCharCode(size)}\x85K\x01\x85\x89Nctorch\n${dtype}\ntR`;
  const dtype = (code) =>
    `cnumpy\ndtype\n(${text(code)}\x89\x88tR(K\x03${text('>')}NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb`;
  const array = (core, code, bytes) =>
    `c${core}.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R` +
    `(K\x01K\x01K\x02\x86${dtype(code)}\x88C${String.fromCharCode(bytes.length)}${bytes}tb`;
  const scalar = (code, bytes) =>
    `cnumpy.core.multiarray\nscalar\n${dtype(code)}C${String.fromCharCode(bytes.length)}${bytes}\x86R`;
  const items = [
    [text('t'), tensor],
    [text('f8'), typed('float8_e5m2', 16)],
    [text('b'), typed('bool', 4)],
    [text('a'), array('numpy.core', 'f4', '\x3f\x80\0\0\x40\0\0\0')],
    [text('i'), array('numpy._core', 'i8', '\0\0\0\0\0\0\0\x01'.repeat(2))],
    [text('s'), scalar('f8', '\x3f\xf0\0\0\0\0\0\0')],
    [text('c'), scalar('c16', '\x3f\xf0\0\0\0\0\0\0'.repeat(2))],
    [text('u'), scalar('U2', '\0\0\0a\0\0\0b')],
    [text('n'), `ccollections\nCounter\n}(${text('x')}K\x01u\x85R`],
    [text('e'), 'c__builtin__\nset\n](K\x01K\x02e\x85R'],
    [`c__builtin__\ncomplex\nG${'\0'.repeat(8)}K\x01\x86R`, `c_codecs\nencode\n${text('ab')}${text('latin1')}\x86R`],
    [`K\x01${text('k')}\x86`, `c__builtin__\nbytearray\nC\x02ab\x85R`],
    ['ctorch\nfloat16\n', storage('1', 'torch.storage\nUntypedStorage', 16)],
    [text('p'), `ctorch._utils\n_rebuild_parameter\n${tensor}\x88N\x87R`],
    [
      text('y'),
      `ctorch._tensor\n_rebuild_from_type_v2\n(${tensor.slice(0, tensor.indexOf('('))}ctorch.nn.parameter\nBuffer\n${tensor.slice(tensor.indexOf('('), -1)}}tR`,
    ],
  ];
  return `\x80\x02}(${items.flat().join('')}u.`;
})();

const seeds = (() => {
  const tensors = {
    weight: arange(0, 12).view(3, 4),
    bias: ones([4], { dtype: 'float64' }),
    count: tensor(3, { dtype: 'int64' }),
    mask: tensor([true, false]),
    half: ones([2, 2], { dtype: 'float16' }),
    empty: ones([0, 2]),
  };
  const at = (name) => path.join(folder, name);
  const read = (name) => fs.readFileSync(at(name));
  saveTensorsSync(at('a'), tensors, { unit: 'HU', epoch: '3' });
  saveTensorsSync(at('b'), { one: ones([1]) });
  savePtSync(at('c'), { model: tensors, epoch: 3, lr: 0.1, list: [1, 'a', [null, true]], big: 2n ** 70n });
  savePtSync(at('d'), { a: tensors.weight });
  const npy = Object.entries(tensors).map(([name, value]) => {
    saveNpySync(at(name), value);
    return read(name);
  });
  saveNpzSync(at('e'), tensors);
  saveNpzSync(at('f'), tensors, { compress: true });
  // The legacy format of { a: torch.arange(4.) }, as written by Python.
  const legacy = Buffer.from(
    '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00(X\x10\x00\x00\x00protocol_versionq\x01M\xe9\x03X\x0d\x00\x00\x00little_endianq\x02\x88X\x0a\x00\x00\x00type_sizesq\x03}q\x04u.' +
      '\x80\x02}q\x00X\x01\x00\x00\x00aq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07\x00\x00\x00storageq\x03ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06K\x04Ntq\x07QK\x00K\x04\x85q\x08K\x01\x85q\x09\x89ccollections\nOrderedDict\nq\x0a)Rq\x0btq\x0cRq\x0ds.' +
      '\x80\x02]q\x00X\x01\x00\x00\x000q\x01a.\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\x80?\0\0\0@\0\0@@',
    'latin1',
  );
  const others = Buffer.concat(
    zipArchive([
      zipEntry('a/data.pkl', Buffer.from(OTHER_TRAINERS, 'latin1')),
      zipEntry('a/byteorder', Buffer.from('big')),
      zipEntry('a/data/0', Buffer.alloc(16, 0x3f)),
      zipEntry('a/data/1', Buffer.alloc(16, 0x3f)),
    ]),
  );
  for (const value of Object.values(tensors)) value.dispose();
  return [
    { name: 'safetensors', load: loadTensorsSync, files: [read('a'), read('b')] },
    { name: 'pt', load: loadPtSync, files: [read('c'), read('d'), legacy, legacy, others, others, others] },
    { name: 'npy', load: loadNpySync, files: npy },
    { name: 'npz', load: loadNpzSync, files: withPacked([read('e')], read('f')) },
  ];
})();
const everything = seeds.flatMap(({ files }) => files);

const numbers = [...EDGE_NUMBERS, 2n ** 40n, 2n ** 53n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n];

const mutations = [
  flipBit,
  setByte,
  // A character that is a pickle opcode or part of JSON or of a Python literal.
  (bytes) => {
    bytes[below(bytes.length)] = pick([
      ...Buffer.from('(.0123456789]})tlduaesRbQcXKMJGqhr{}[],:"\'<>|\\\n\x80\x93\x94', 'latin1'),
    ]);
    return bytes;
  },
  (bytes) => {
    const width = pick([2, 4, 8]);
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(pick(numbers));
    if (bytes.length >= width) value.copy(bytes, below(bytes.length - width + 1), 0, width);
    return bytes;
  },
  truncate,
  removeBytes,
  repeatBytes(() => (random() < 0.1 ? below(300) : 1 + below(3))),
  overwrite((bytes) => (random() < 0.5 ? bytes : pick(everything))),
  // Replaces a number written as text.
  (bytes) => {
    const found = [...bytes.toString('latin1').matchAll(/\d+/g)];
    if (found.length === 0) return bytes;
    const { 0: digits, index } = pick(found);
    const text = random() < 0.3 ? `-${pick(numbers)}` : String(pick(numbers));
    return Buffer.concat([bytes.subarray(0, index), Buffer.from(text), bytes.subarray(index + digits.length)]);
  },
];

/** Usually updates the length of the header to match it, so that the reader gets further. */
const withHeaderLength = (name, bytes) => {
  if (random() < 0.2) return bytes;
  if (name === 'safetensors' && bytes.length > 16) {
    const end = bytes.lastIndexOf(Buffer.from('}'));
    if (end > 8) bytes.writeBigUInt64LE(BigInt(end + 1 - 8));
  }
  if (name === 'npy' && bytes.length > 16 && bytes[0] === 0x93) {
    const end = bytes.indexOf(10, 10);
    if (end > 10 && bytes[6] === 1) bytes.writeUInt16LE(end + 1 - 10, 8);
  }
  return bytes;
};

const mutated = (file) => {
  let bytes = Buffer.from(file);
  for (let n = 1 + below(4); n > 0 && bytes.length > 0; n--) bytes = Buffer.from(pick(mutations)(bytes));
  return bytes;
};

/** The stored entries of an archive. */
const entriesOf = (bytes) =>
  [...readMemory('seed', bytes, (file) => readZipDirectory(file, () => {})).values()].map(
    ({ name, begin, packedBytes }) => [name, bytes.subarray(begin, begin + packedBytes)],
  );

/**
 * Mutates a file. Mutating an archive usually fails at its directory, so mostly one entry inside a valid archive is
 * mutated.
 */
const mutate = ({ name, files }) => {
  const file = pick(files);
  const isArchive = file[0] === 0x50 && file[1] === 0x4b;
  if (!isArchive || file === files.packed || random() < 0.3) return withHeaderLength(name, mutated(file));
  const entries = entriesOf(file);
  const chosen = random() < 0.7 ? 0 : below(entries.length);
  const changed = entries.map(([entry, bytes], i) => [
    entry,
    i === chosen ? withHeaderLength('npy', mutated(bytes)) : bytes,
  ]);
  const packed = random() < 0.2;
  return Buffer.concat(zipArchive(changed.map(([entry, bytes]) => zipEntry(entry, bytes, packed))));
};

/** Frees the tensors of a loaded value. Copies small ones first: a view over foreign memory would crash then. */
const release = (value) => {
  const seen = new Set();
  const open = [value];
  let tensors = 0;
  while (open.length > 0) {
    const item = open.pop();
    if (typeof item !== 'object' || item === null || seen.has(item)) continue;
    seen.add(item);
    if (isTensor(item)) {
      tensors++;
      if (item.numel < 1e5) item.clone().dispose();
    } else if (item instanceof Map || item instanceof Set) open.push(...item.values());
    else open.push(...Object.values(item));
  }
  for (const item of seen) if (isTensor(item)) item.dispose();
  return tensors;
};

const input = path.join(folder, 'input');
const figures = {
  inputs: 0,
  read: 0,
  refused: 0,
  tensors: 0,
  codes,
  slowestMs: 0,
  mostTensorBytes: 0,
  mostRssMiB: 0,
  rssAfter300: 0,
};

let before = memory();
for (let i = 0; i < count; i++) {
  const format = seeds[i % 3 === 2 ? 2 + below(2) : i % 3];
  const bytes = mutate(format);
  fs.writeFileSync(input, bytes);
  begin(i, format.name, input);
  if (i === 300) before = memory();
  const [rss, start] = [peakMemory(), performance.now()];
  let value;
  try {
    value = format.load(input);
  } catch (error) {
    checkError(error);
  }
  const ms = performance.now() - start;
  // The first inputs load libtorch's kernels.
  const grown = i < 300 ? 0 : peakMemory() - rss;
  const held = memory().bytes.cpu - before.bytes.cpu;
  checkCost({ ms, grown, held }, bytes.length);
  figures.inputs++;
  figures.slowestMs = Math.max(figures.slowestMs, Math.round(ms));
  figures.mostTensorBytes = Math.max(figures.mostTensorBytes, held);
  if (value === undefined) figures.refused++;
  else {
    figures.read++;
    figures.tensors += release(value);
  }
  if (memory().handles !== before.handles) fail(`${memory().handles - before.handles} tensors are leaked`);
  if (i === 300) figures.rssAfter300 = mebibytes(peakMemory());
  if (i % 10_000 === 9999) console.error(`${i + 1} of ${count}`);
}
emptyCache();
figures.mostRssMiB = mebibytes(peakMemory());
console.log(JSON.stringify(figures));
