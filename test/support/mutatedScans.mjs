// Gives mutated files to the readers of MetaImage, NIfTI and NRRD, in a process that its parent watches.
//   node mutatedScans.mjs COUNT SEED FOLDER
// The inputs are mutated files of test/golden; equal seeds give equal inputs. Prints one JSON line of figures. The
// rules are those of mutating.mjs and: voxels, spacing, origin and direction of every volume are valid.
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readMask, readVolume } from '../../dist/ct/index.js';
import { byteMutations, EDGE_NUMBERS, inputRules, mebibytes, mutationArguments, peakMemory } from './mutating.mjs';

const { count, seed, folder, random, below, pick } = mutationArguments();
/** Usually in the header, where most can go wrong. */
const place = (bytes) => (random() < 0.7 ? below(Math.min(bytes.length, 560)) : below(bytes.length));
const { flipBit, setByte, truncate, removeBytes, repeatBytes, overwrite } = byteMutations({ below }, place);
const { begin, fail, checkError, checkCost, codes } = inputRules({ seed, folder });

const golden = path.resolve(import.meta.dirname, '../golden');
const seedsOf = (format, endings) =>
  fs
    .readdirSync(path.join(golden, format))
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => {
      const whole = fs.readFileSync(path.join(golden, format, name));
      const [dataName] = /(?<=^(?:ElementDataFile =|data file:) )(?!LOCAL).*$/m.exec(whole.toString('latin1')) ?? [];
      const data = dataName && { name: dataName, bytes: fs.readFileSync(path.join(golden, format, dataName)) };
      return { format, name, whole, data };
    });
const formats = [
  seedsOf('metaimage', ['.mha', '.mhd']),
  seedsOf('nifti', ['.nii', '.nii.gz']),
  seedsOf('nrrd', ['.nrrd', '.nhdr']),
];
const everything = formats.flat();

const words = [
  '0',
  '-1',
  '1',
  '3',
  '4',
  '5',
  '7',
  '65536',
  '2147483647',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '1e9',
  '1e308',
  '-1e308',
  'nan',
  'inf',
  '(1,0,0)',
  '(0,0,0)',
  '(nan,0,0)',
  'none',
  '0.1',
  '1e-30',
  '',
  'gzip',
  'raw',
  'little',
  'big',
  'LIST',
  'MET_DOUBLE',
  'MET_CHAR',
  'double',
  'uchar',
  'True',
  'False',
  '%d',
  '..',
  'RAS',
];
const numbers = [...EDGE_NUMBERS, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const reals = [0, -0, 1, -1, 0.5, 2, 1e-38, 1e38, -1e38, Number.NaN, Number.POSITIVE_INFINITY, 352, 400, 1e9];

const mutations = [
  flipBit,
  setByte,
  (bytes) => {
    bytes[place(bytes)] = pick(Buffer.from('0123456789-.:=()#," \n\r\teE', 'latin1'));
    return bytes;
  },
  (bytes) => {
    const width = pick([2, 4, 8]);
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(pick(numbers));
    if (random() < 0.3) value.subarray(0, width).reverse();
    value.copy(bytes, Math.min(place(bytes) & ~1, Math.max(0, bytes.length - width)), 0, width);
    return bytes;
  },
  (bytes) => {
    const value = Buffer.alloc(4);
    value.writeFloatLE(pick(reals));
    value.copy(bytes, Math.min(place(bytes) & ~3, Math.max(0, bytes.length - 4)));
    return bytes;
  },
  truncate,
  removeBytes,
  repeatBytes(() => (random() < 0.1 ? below(3000) : 1 + below(3))),
  overwrite(() => pick(everything).whole),
  // Replaces a word of the header.
  (bytes) => {
    const found = [...bytes.toString('latin1', 0, 560).matchAll(/[^\s,()]+/g)];
    if (found.length === 0) return bytes;
    const { 0: word, index } = pick(found);
    return Buffer.concat([bytes.subarray(0, index), Buffer.from(pick(words)), bytes.subarray(index + word.length)]);
  },
  // Removes, moves or repeats a line.
  (bytes) => {
    const lines = bytes.toString('latin1').split('\n');
    const at = below(Math.min(lines.length, 16));
    const [line] = random() < 0.5 ? lines.splice(at, 1) : [lines[at]];
    if (random() < 0.5) lines.splice(below(Math.min(lines.length, 16)), 0, line);
    return Buffer.from(lines.join('\n'), 'latin1');
  },
];

const mutated = (original) => {
  let bytes = Buffer.from(original);
  for (let times = random() < 0.6 ? 1 : 1 + below(5); times > 0 && bytes.length > 0; times--)
    bytes = pick(mutations)(bytes);
  return bytes;
};

/** Returns the bytes of the file, and of its data file if it has one, with one of them mutated. */
const mutate = ({ name, whole, data }) => {
  if (data && random() < 0.2) return { whole, data: mutated(data.bytes) };
  // Most changes of a compressed stream only make unpacking fail.
  if (name.endsWith('.gz') && random() < 0.8) return { whole: gzipSync(mutated(gunzipSync(whole)), { level: 1 }) };
  return { whole: mutated(whole), data: data?.bytes };
};

const figures = {
  inputs: 0,
  read: 0,
  refused: 0,
  codes,
  slowestMs: 0,
  mostGrownMiB: 0,
  rssAfter300: 0,
  mostRssMiB: 0,
};

const faultOf = ({ shape, voxels, spacing, origin, direction }) => {
  if (voxels.length !== shape[0] * shape[1] * shape[2]) return `${voxels.length} voxels of shape ${shape}`;
  if (spacing !== null && !spacing.every((mm) => Number.isFinite(mm) && mm > 0)) return `spacing ${spacing}`;
  if (![...origin, ...direction.flat()].every(Number.isFinite)) return `origin ${origin}, direction ${direction}`;
  return null;
};

for (let i = 0; i < count; i++) {
  const source = pick(formats[i % 3]);
  const { whole, data } = mutate(source);
  const input = path.join(folder, source.name);
  fs.writeFileSync(input, whole);
  if (data) fs.writeFileSync(path.join(folder, source.data.name), data);
  begin(i, source.name, input);
  if (i === 300) figures.rssAfter300 = mebibytes(peakMemory());
  const [rss, start] = [peakMemory(), performance.now()];
  const resample = random() < 0.5;
  try {
    const result = await (random() < 0.8
      ? readVolume(input, { resample, onNote: () => {} })
      : readMask(input, { resample }));
    const fault = faultOf(result);
    if (fault) fail(fault);
    figures.read++;
  } catch (error) {
    checkError(error);
    figures.refused++;
  }
  const ms = performance.now() - start;
  // The first inputs load the readers.
  const grown = i < 300 ? 0 : peakMemory() - rss;
  checkCost({ ms, grown }, whole.length + (data?.length ?? 0));
  figures.inputs++;
  figures.slowestMs = Math.max(figures.slowestMs, Math.round(ms));
  figures.mostGrownMiB = Math.max(figures.mostGrownMiB, mebibytes(grown));
  fs.rmSync(input);
  if (i % 10_000 === 9999) console.error(`${i + 1} of ${count}`);
}
figures.mostRssMiB = mebibytes(peakMemory());
console.log(JSON.stringify(figures));
