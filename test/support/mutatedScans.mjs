// Gives mutated files to the readers of MetaImage, NIfTI and NRRD, in this process, which its parent watches.
//   node mutatedScans.mjs COUNT SEED FOLDER
// The same seed gives the same inputs, made from the golden files of test/golden. Prints one JSON line of figures; ends with exit code 1 and the
// input kept in FOLDER where one leaves the rules: another error than NoduleTrainError, or not of one line and 1,500 letters; over five
// seconds; more memory than the file and 64 MiB; a volume whose voxels, spacing, origin or direction are no good.
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readMask, readVolume } from '../../dist/ct/index.js';
import { seededRandom } from '../../scripts/fuzz/seededRandom.mjs';

const [count, seed, folder] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const MOST_BESIDE = 64 * 2 ** 20;
const MOST_MS = 5000;

const { random, below, pick } = seededRandom(seed);

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
]; // prettier-ignore
const numbers = [
  0n,
  1n,
  2n,
  7n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]; // prettier-ignore
const reals = [0, -0, 1, -1, 0.5, 2, 1e-38, 1e38, -1e38, Number.NaN, Number.POSITIVE_INFINITY, 352, 400, 1e9];

/** Header bytes are where most can go wrong. */
const place = (bytes) => (random() < 0.7 ? below(Math.min(bytes.length, 560)) : below(bytes.length));

const mutations = [
  (bytes) => {
    bytes[place(bytes)] ^= 1 << below(8);
    return bytes;
  },
  (bytes) => {
    bytes[place(bytes)] = below(256);
    return bytes;
  },
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
  (bytes) => bytes.subarray(0, below(bytes.length)),
  (bytes) => {
    const at = place(bytes);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(16))]);
  },
  // Some bytes again, up to some thousand times.
  (bytes) => {
    const at = place(bytes);
    const part = bytes.subarray(at, at + 1 + below(24));
    const times = random() < 0.1 ? below(3000) : 1 + below(3);
    return Buffer.concat([bytes.subarray(0, at), ...new Array(times).fill(part), bytes.subarray(at)]);
  },
  // A part of another file over this one.
  (bytes) => {
    const from = pick(everything).whole;
    const begin = below(from.length);
    Buffer.from(from.subarray(begin, begin + 1 + below(64))).copy(bytes, place(bytes));
    return bytes;
  },
  // A word of the text becomes another.
  (bytes) => {
    const found = [...bytes.toString('latin1', 0, 560).matchAll(/[^\s,()]+/g)];
    if (found.length === 0) return bytes;
    const { 0: word, index } = pick(found);
    return Buffer.concat([bytes.subarray(0, index), Buffer.from(pick(words)), bytes.subarray(index + word.length)]);
  },
  // A line goes, or stands there again somewhere else.
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

/** The bytes of the file, and of its file of values where it has one. */
const mutate = ({ name, whole, data }) => {
  if (data && random() < 0.2) return { whole, data: mutated(data.bytes) };
  // Most changes of a packed stream only show as one that does not unpack.
  if (name.endsWith('.gz') && random() < 0.8) return { whole: gzipSync(mutated(gunzipSync(whole)), { level: 1 }) };
  return { whole: mutated(whole), data: data?.bytes };
};

const figures = {
  inputs: 0,
  read: 0,
  refused: 0,
  codes: {},
  slowestMs: 0,
  mostGrownMiB: 0,
  rssAfter300: 0,
  mostRssMiB: 0,
};
const maxRss = () => process.resourceUsage().maxRSS * 1024;
const fail = (index, { name }, input, what) => {
  const kept = path.join(folder, `left-the-rules-${seed}-${index}-${name}`);
  fs.copyFileSync(input, kept);
  console.error(`input ${index} of seed ${seed} (${name}, kept as ${kept}): ${what}`);
  process.exit(1);
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
  // Where the process ends here, its parent reads which input it was.
  if (i % 100 === 0) fs.writeFileSync(path.join(folder, 'progress'), String(i));
  if (i === 300) figures.rssAfter300 = maxRss();
  const [rss, start] = [maxRss(), performance.now()];
  const resample = random() < 0.5;
  try {
    const result = await (random() < 0.8
      ? readVolume(input, { resample, onNote: () => {} })
      : readMask(input, { resample }));
    const fault = faultOf(result);
    if (fault) fail(i, source, input, fault);
    figures.read++;
  } catch (error) {
    if (error?.name !== 'NoduleTrainError') fail(i, source, input, `${error?.stack ?? error}`);
    if (/[\n\r]/.test(error.message) || error.message.length > 1500)
      fail(i, source, input, `no one line, or ${error.message.length} letters: ${error.message.slice(0, 2000)}`);
    figures.codes[error.code] = (figures.codes[error.code] ?? 0) + 1;
    figures.refused++;
  }
  const ms = performance.now() - start;
  const grown = maxRss() - rss;
  if (ms > MOST_MS) fail(i, source, input, `took ${Math.round(ms)} ms`);
  if (i >= 300 && grown > whole.length + (data?.length ?? 0) + MOST_BESIDE)
    fail(i, source, input, `took ${grown} bytes for a file of ${whole.length}`);
  figures.inputs++;
  figures.slowestMs = Math.max(figures.slowestMs, Math.round(ms));
  if (i >= 300) figures.mostGrownMiB = Math.max(figures.mostGrownMiB, Math.round(grown / 2 ** 20));
  fs.rmSync(input);
  if (i % 10_000 === 9999) console.error(`${i + 1} of ${count}`);
}
figures.mostRssMiB = Math.round(maxRss() / 2 ** 20);
figures.rssAfter300 = Math.round(figures.rssAfter300 / 2 ** 20);
console.log(JSON.stringify(figures));
