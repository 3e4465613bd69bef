// Gives mutated DICOM files to readVolume and listSeries, in this process, which its parent watches.
//   node mutatedDicom.mjs COUNT SEED FOLDER
// Each input is one file: alone as a volume of its frames, then as one of three slices in a folder. The same seed gives the same inputs. Prints
// one JSON line of figures; ends with exit code 1 and the input kept in FOLDER where one leaves the rules: another error than
// NoduleTrainError, an error of several lines or with something of the patient, a volume that contradicts itself, over five seconds of
// processor time, or more memory than the file's size and 64 MiB.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { listSeries, readVolume } from '../../dist/ct/index.js';
import { seededRandom } from '../../scripts/fuzz/seededRandom.mjs';
import {
  dataSetBytes,
  deflated,
  dicomBytes,
  explicitBig,
  explicitLittle,
  implicitLittle,
  itemsBytes,
  sliceFields,
} from './dicomBytes.mjs';

const [count, seed, folder] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const mostBeside = 64 * 2 ** 20;
const mostMs = 5000;

const { random, below, pick } = seededRandom(seed);

const stack = {
  shape: [3, 16, 12],
  spacing: [0.75, 0.5, 2.5],
  origin: [-20, 30.5, -100],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  stored: Int16Array.from({ length: 576 }, (_, k) => k * 5),
};
const item = dataSetBytes({ SOPInstanceUID: '1.2.9', PixelData: Buffer.alloc(32, 7) });
const syntaxes = [explicitLittle, implicitLittle, explicitBig, deflated];
const fieldsOf = (syntax) =>
  sliceFields(
    stack,
    1,
    syntax === explicitLittle ? { ReferencedImageSequence: itemsBytes([item, item], true) } : {},
    syntax,
  );
const plain = [
  ...syntaxes.map((syntax) => dicomBytes(fieldsOf(syntax), syntax)),
  dataSetBytes(fieldsOf(explicitLittle)),
  dataSetBytes(fieldsOf(implicitLittle), implicitLittle),
];
const golden = path.join(import.meta.dirname, '../golden/dicom-compressed');
const compressed = readdirSync(golden)
  .filter((name) => name.endsWith('.dcm'))
  .map((name) => readFileSync(path.join(golden, name)));

const numbers = [
  0, 1, 2, 7, 8, 12, 16, 32, 0x7f, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];
const texts = [
  '',
  '0',
  '-1',
  '1e999',
  'NaN',
  '1\\2',
  '0\\0\\0',
  '1\\0\\0\\1\\0\\0',
  '99999999999',
  '1e-300',
  '0.1\\0.1',
  'RGB',
  'MONOCHROME1',
  'x',
];

/** A whole file with one field of another value: it gets further than any change of bytes. */
const otherField = () => {
  const syntax = pick(syntaxes);
  const fields = fieldsOf(syntax);
  const keyword = pick(
    Object.keys(fields).filter((one) => !/Sequence|^(Patient|Accession|Institution|Referring|SeriesDesc)/.test(one)),
  );
  const other = random() < 0.1 ? undefined : random() < 0.5 ? pick(numbers) : pick(texts);
  const bytes = Buffer.alloc(pick([0, 2, 4, 30]), 255);
  return dicomBytes({ ...fields, [keyword]: keyword === 'PixelData' || random() < 0.1 ? bytes : other }, syntax);
};

const changes = [
  (bytes) => {
    bytes[below(bytes.length)] ^= 1 << below(8);
    return bytes;
  },
  (bytes) => {
    bytes[below(bytes.length)] = below(256);
    return bytes;
  },
  // A number of two or four bytes, in most cases among the tags.
  (bytes) => {
    const width = pick([2, 4]);
    const value = Buffer.alloc(4);
    value.writeUInt32LE(pick(numbers));
    const end = random() < 0.8 ? Math.min(bytes.length, 1400) : bytes.length;
    if (end >= width) value.copy(bytes, below(end - width + 1), 0, width);
    return bytes;
  },
  (bytes) => bytes.subarray(0, below(bytes.length)),
  (bytes) => {
    const at = below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(16))]);
  },
  (bytes) => {
    const at = below(bytes.length);
    const part = bytes.subarray(at, at + 1 + below(24));
    return Buffer.concat([
      bytes.subarray(0, at),
      ...new Array(1 + below(random() < 0.1 ? 3000 : 3)).fill(part),
      bytes.subarray(at),
    ]);
  },
  // Marks of items and sequences, which lead a parser into depths.
  (bytes) => {
    const mark = pick([
      'feff00e0ffffffff',
      'feff0de000000000',
      'feffdde000000000',
      '08004011',
      '08004011ffffffff',
      'e07f1000ffffffff',
    ]);
    const times = random() < 0.2 ? 1 + below(20_000) : 1;
    const at = below(bytes.length);
    return Buffer.concat([
      bytes.subarray(0, at),
      ...new Array(times).fill(Buffer.from(mark, 'hex')),
      bytes.subarray(at),
    ]);
  },
];

const input = () => {
  if (random() < 0.3) return otherField();
  let bytes = Buffer.from(pick(random() < 0.3 ? compressed : plain));
  // What stands before the tags matters little: it is changed as seldom as it is short.
  for (let n = 1 + below(3); n > 0 && bytes.length > 0; n--) bytes = Buffer.from(pick(changes)(bytes));
  return bytes;
};

const dir = path.join(folder, 'series');
mkdirSync(dir);
for (const k of [0, 2]) writeFileSync(path.join(dir, `${k}.dcm`), dicomBytes(sliceFields(stack, k)));
const file = path.join(dir, '1.dcm');

const figures = {
  inputs: 0,
  read: 0,
  refused: 0,
  asSeries: 0,
  listed: 0,
  codes: {},
  slowestCpuMs: 0,
  mostGrownMiB: 0,
  mostRssMiB: 0,
};
const maxRss = () => process.resourceUsage().maxRSS * 1024;
let index = 0;
const fail = (what) => {
  const kept = path.join(folder, `left-the-rules-${seed}-${index}.dcm`);
  writeFileSync(kept, readFileSync(file));
  console.error(`input ${index} of seed ${seed} (kept as ${kept}): ${what}`);
  process.exit(1);
};

/** What a call gives, or null where it is refused as it may be. */
const judged = async (call) => {
  try {
    return await call();
  } catch (error) {
    if (error?.name !== 'NoduleTrainError') fail(`${error?.stack ?? error}`);
    if (/\n/.test(error.message) || error.message.length > 1500) fail(`no one line: ${error.message}`);
    if (/planted|felicitas|19310207/i.test(error.message)) fail(`names the patient: ${error.message}`);
    figures.codes[error.code] = (figures.codes[error.code] ?? 0) + 1;
    return null;
  }
};

const checkVolume = ({ shape, spacing, origin, direction, voxels, uid, scale, offset }) => {
  if (voxels.length !== shape[0] * shape[1] * shape[2]) fail(`${voxels.length} voxels for the shape ${shape}`);
  if (![...spacing, ...origin, ...direction.flat(), scale, offset].every(Number.isFinite))
    fail('its geometry is not finite');
  if (!spacing.every((mm) => mm > 0)) fail(`its spacing is ${spacing}`);
  if (!/^[\d.]{1,64}$/.test(uid)) fail(`its UID is ${uid}`);
};

// What the process takes once: WebAssembly of the decoders, the code of the readers.
for (const bytes of [...plain, ...compressed]) {
  writeFileSync(file, bytes);
  await judged(() => readVolume(file, { onNote: () => {} }));
}
figures.codes = {};
for (; index < count; index++) {
  const bytes = input();
  writeFileSync(file, bytes);
  writeFileSync(path.join(folder, 'progress'), String(index));
  const [rss, start] = [maxRss(), process.cpuUsage()];
  const notes = [];
  const onNote = (text) => notes.push(text);
  const alone = await judged(() => readVolume(file, { onNote, resample: true }));
  const together = await judged(() => readVolume(dir, { onNote, resample: true }));
  const listed = await judged(() => listSeries(dir));
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1000;
  const grown = maxRss() - rss;
  if (ms > mostMs) fail(`took ${Math.round(ms)} ms`);
  if (grown > bytes.length + mostBeside) fail(`took ${grown} bytes for a file of ${bytes.length}`);
  if (/planted|felicitas|19310207/i.test(JSON.stringify([notes, listed]))) fail('a note or the list names the patient');
  for (const volume of [alone, together]) if (volume !== null) checkVolume(volume);
  figures.inputs++;
  figures[alone === null ? 'refused' : 'read']++;
  if (together !== null) figures.asSeries++;
  if (listed !== null) figures.listed++;
  figures.slowestCpuMs = Math.max(figures.slowestCpuMs, Math.round(ms));
  figures.mostGrownMiB = Math.max(figures.mostGrownMiB, Math.round(grown / 2 ** 20));
  rmSync(file);
}
figures.mostRssMiB = Math.round(maxRss() / 2 ** 20);
console.log(JSON.stringify(figures));
