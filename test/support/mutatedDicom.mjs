// Gives mutated DICOM files to readVolume and listSeries, in a process that its parent watches.
//   node mutatedDicom.mjs COUNT SEED FOLDER
// Each input is one file, read alone as a volume of its frames, then as one of three slices in a folder. Equal seeds
// give equal inputs. Prints one JSON line of figures. The rules are those of mutating.mjs (in processor time) and: no
// message, note or list names the patient, and every volume is consistent.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { listSeries, readVolume } from '../../dist/ct/index.js';
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
import { byteMutations, inputRules, mebibytes, mutationArguments, peakMemory } from './mutating.mjs';

const { count, seed, folder, random, below, pick } = mutationArguments();
const { flipBit, setByte, truncate, removeBytes, repeatBytes } = byteMutations({ below });
const { begin, fail, checkError, checkCost, codes } = inputRules({ seed, folder });

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
/** Files whose transfer syntax is not the one of their data set: the UIDs are replaced by those of the others. */
function contradicting() {
  return syntaxes.flatMap((syntax) => {
    const bytes = dicomBytes(fieldsOf(syntax), syntax);
    const at = bytes.indexOf(Buffer.from([2, 0, 0x10, 0, 0x55, 0x49]));
    const end = at + 8 + bytes.readUInt16LE(at + 6);
    return [...syntaxes, '1.2.840.10008.1.2.4.70', '', 'x'].map((stated) => {
      const value = Buffer.from(stated.length % 2 === 0 ? stated : `${stated}\0`);
      const length = Buffer.alloc(2);
      length.writeUInt16LE(value.length);
      return Buffer.concat([bytes.subarray(0, at + 6), length, value, bytes.subarray(end)]);
    });
  });
}
const plain = [
  ...syntaxes.map((syntax) => dicomBytes(fieldsOf(syntax), syntax)),
  dataSetBytes(fieldsOf(explicitLittle)),
  dataSetBytes(fieldsOf(implicitLittle), implicitLittle),
  dataSetBytes(fieldsOf(explicitBig), explicitBig),
  // Without a preamble, or without "DICM" too.
  dicomBytes(fieldsOf(explicitLittle)).subarray(128),
  dicomBytes(fieldsOf(implicitLittle), implicitLittle).subarray(132),
  ...contradicting(),
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

/** A valid file with another value in one field, which gets further than any change of bytes. */
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
  flipBit,
  setByte,
  // A number of two or four bytes, usually among the tags.
  (bytes) => {
    const width = pick([2, 4]);
    const value = Buffer.alloc(4);
    value.writeUInt32LE(pick(numbers));
    const end = random() < 0.8 ? Math.min(bytes.length, 1400) : bytes.length;
    if (end >= width) value.copy(bytes, below(end - width + 1), 0, width);
    return bytes;
  },
  truncate,
  removeBytes,
  repeatBytes(() => 1 + below(random() < 0.1 ? 3000 : 3)),
  // Item and sequence tags, which make a parser recurse.
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
  // The preamble matters little, and is short, so it is rarely changed.
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
  codes,
  slowestCpuMs: 0,
  mostGrownMiB: 0,
  mostRssMiB: 0,
};
const namesPatient = (text) => /planted|felicitas|19310207/i.test(text);

/** Returns the result of a call, or null if it fails with an error that the rules allow. */
const attempt = async (call) => {
  try {
    return await call();
  } catch (error) {
    checkError(error);
    if (namesPatient(error.message)) fail(`the message names the patient: ${error.message}`);
    return null;
  }
};

const checkVolume = ({ shape, spacing, origin, direction, voxels, uid, scale, offset }) => {
  if (voxels.length !== shape[0] * shape[1] * shape[2]) fail(`${voxels.length} voxels for the shape ${shape}`);
  if (![...spacing, ...origin, ...direction.flat(), scale, offset].every(Number.isFinite))
    fail('the geometry is not finite');
  if (!spacing.every((mm) => mm > 0)) fail(`the spacing is ${spacing}`);
  if (!/^[\d.]{1,64}$/.test(uid)) fail(`the UID is ${uid}`);
};

// Warm up, so that loading the decoders' WebAssembly and the readers' code does not count.
for (const bytes of [...plain, ...compressed]) {
  writeFileSync(file, bytes);
  begin(0, 'warm-up.dcm', file);
  await attempt(() => readVolume(file, { onNote: () => {} }));
}
for (const code of Object.keys(codes)) delete codes[code];
for (let index = 0; index < count; index++) {
  const bytes = input();
  writeFileSync(file, bytes);
  begin(index, 'slice.dcm', file);
  const [rss, start] = [peakMemory(), process.cpuUsage()];
  const notes = [];
  const onNote = (text) => notes.push(text);
  const alone = await attempt(() => readVolume(file, { onNote, resample: true }));
  const together = await attempt(() => readVolume(dir, { onNote, resample: true }));
  const listed = await attempt(() => listSeries(dir));
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1000;
  const grown = peakMemory() - rss;
  checkCost({ ms, grown }, bytes.length);
  if (namesPatient(JSON.stringify([notes, listed]))) fail('a note or the list names the patient');
  for (const volume of [alone, together]) if (volume !== null) checkVolume(volume);
  figures.inputs++;
  figures[alone === null ? 'refused' : 'read']++;
  if (together !== null) figures.asSeries++;
  if (listed !== null) figures.listed++;
  figures.slowestCpuMs = Math.max(figures.slowestCpuMs, Math.round(ms));
  figures.mostGrownMiB = Math.max(figures.mostGrownMiB, mebibytes(grown));
  rmSync(file);
}
figures.mostRssMiB = mebibytes(peakMemory());
console.log(JSON.stringify(figures));
