import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../dist/ct/dicom/frames/decodeFrame.js';
import { pixelFormat } from '../../../dist/ct/dicom/pixelFormat.js';
import { readDicomFile } from '../../../dist/ct/dicom/readDicomFile.js';
import { findTransferSyntax } from '../../../dist/ct/dicom/transferSyntax.js';
import { readVolume } from '../../../dist/ct/index.js';
import { inGolden } from '../../support/paths.js';
import { scratchFolder } from '../../support/scratch.js';

const golden = inGolden('dicom-compressed');
const expected: {
  rows: number;
  columns: number;
  files: Record<string, { lossless: boolean; signed: boolean; frames: number[][] }>;
} = JSON.parse(await readFile(join(golden, 'expected.json'), 'utf8'));

const folder = scratchFolder('dicom-compressed');

const opened = async (path: string) => {
  const file = (await readDicomFile(path))!;
  const frames = file.tags.number('NumberOfFrames') ?? 1;
  const format = pixelFormat(file.tags);
  return { path, name: path, syntax: file.syntax, pixels: file.pixels!, format, frames };
};

const framesOf = async (path: string): Promise<number[][]> => {
  const file = await opened(path);
  const decoded: number[][] = [];
  for (let frame = 0; frame < file.frames; frame++) {
    const { buffer, byteOffset, byteLength } = Buffer.from(await decodeFrame({ ...file, frame }));
    const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
    const { bitsAllocated, signed } = file.format;
    const values =
      bitsAllocated === 8 ? new Uint8Array(bytes) : signed ? new Int16Array(bytes) : new Uint16Array(bytes);
    decoded.push([...values]);
  }
  return decoded;
};

const damaged = async (name: string, change: (bytes: Buffer) => Buffer): Promise<string> => {
  const path = join(folder, `${name}-damaged.dcm`);
  await writeFile(path, change(await readFile(join(golden, `${name}.dcm`))));
  return path;
};

/** Offset of the first fragment of the only frame: after the item of the offset table and its own item's tag. */
const streamStart = (bytes: Buffer): number => {
  const table = bytes.indexOf(Buffer.from('feff00e0', 'hex'));
  return table + 8 + bytes.readUInt32LE(table + 4) + 8;
};

const refusal = (path: string, frame = 0) =>
  opened(path)
    .then((file) => decodeFrame({ ...file, frame }))
    .then(
      () => expect.unreachable('it was read'),
      ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
    );

describe('compressed frames', () => {
  const files = Object.entries(expected.files);

  const isExact = ([name, { lossless }]: (typeof files)[number]): boolean =>
    lossless || name.startsWith('jpeg-baseline') || name.startsWith('jpeg-extended');

  it.each(files.filter(isExact))(
    'have the values that GDCM reads, or OpenJPH of its own: %s',
    async (name, { frames }) => {
      expect(await framesOf(join(golden, `${name}.dcm`))).toEqual(frames);
    },
  );

  it.each(files.filter((file) => !isExact(file)))(
    'of lossy files differ from GDCM by at most 1: %s',
    async (name, { frames }) => {
      const [ours] = await framesOf(join(golden, `${name}.dcm`));
      expect(Math.max(...ours!.map((value, k) => Math.abs(value - frames[0]![k]!)))).toBeLessThanOrEqual(1);
    },
  );

  it.each([
    'jpeg-lossless-unsigned12',
    'jpeg-ls-unsigned12',
    'jpeg-2000-unsigned12',
    'rle-unsigned12',
    'jpeg-baseline',
    'jpeg-baseline-restart',
    'jpeg-extended-unsigned12',
    'htj2k-unsigned12',
    'htj2k-lossy',
  ])('are refused where they are truncated, and never filled up: %s', async (name) => {
    for (const kept of [0.9, 0.5, 0.1, 0.02]) {
      const path = await damaged(name, (bytes) => {
        const start = streamStart(bytes);
        const length = bytes.readUInt32LE(start - 4);
        const short = 2 * Math.floor((length * kept) / 2);
        const end = Buffer.from('feffdde000000000', 'hex');
        const out = Buffer.concat([bytes.subarray(0, start + short), end]);
        out.writeUInt32LE(short, start - 4);
        return out;
      });
      expect(await refusal(path)).toMatch(
        /^dicom-codec: reading .*damaged\.dcm: frame 1 of 1 does not decode as (JPEG|RLE|High-Throughput)/,
      );
    }
    // The decoder works again after a failure.
    expect(await framesOf(join(golden, `${name}.dcm`))).toEqual(expected.files[name]!.frames);
  });

  it.each([
    ['jpeg-lossless-unsigned12', 'ffc3', 5],
    ['jpeg-ls-unsigned12', 'fff7', 5],
    ['jpeg-2000-unsigned12', 'ff4fff51', 10],
    ['jpeg-baseline', 'ffc0', 5],
    ['jpeg-extended-unsigned12', 'ffc1', 5],
    ['htj2k-signed', 'ff4fff51', 10],
  ])('are refused before anything is allocated where the stream has another size: %s', async (name, marker, at) => {
    const path = await damaged(name, (bytes) => {
      const where = bytes.indexOf(Buffer.from(marker, 'hex'), streamStart(bytes)) + at;
      bytes.fill(0xff, where, where + 1);
      return bytes;
    });
    expect(await refusal(path)).toMatch(/it is \d+ x \d+, expected 40 x 36/);
  });

  it('are refused where the file ends within the fragments, and where the offset table is wrong', async () => {
    const short = await damaged('jpeg-ls-signed', (bytes) => bytes.subarray(0, bytes.length - 20));
    expect(await refusal(short)).toMatch(/runs beyond the end of the file|ends before its fragments do/);
    const table = await damaged('frames-table', (bytes) => {
      const at = bytes.indexOf(Buffer.from('feff00e0', 'hex')) + 8;
      bytes.writeUInt32LE(bytes.readUInt32LE(at + 4) + 2, at + 4);
      return bytes;
    });
    expect(await refusal(table)).toMatch(/its offset table has \d+ for frame 1, where no fragment begins/);
  });

  it("are refused where values do not fit the header's bits", async () => {
    const file = await opened(join(golden, 'jpeg-2000-gdcm.dcm'));
    const format = { ...file.format, bitsStored: 8, highBit: 7 };
    await expect(decodeFrame({ ...file, format, frame: 0 })).rejects.toThrow(
      /value 0 is -1024, expected -128 to 127 for the header's 8 bits/,
    );
  });

  it('that a lossy encoder rounded beyond the bits of the header are clipped, and others refused', async () => {
    const file = await opened(join(golden, 'jpeg-extended-unsigned12.dcm'));
    const read = async (changes: object) => decodeFrame({ ...file, format: { ...file.format, ...changes }, frame: 0 });
    await expect(read({ bitsStored: 10, highBit: 9 })).rejects.toThrow(/expected 0 to 1023 for the header's 10 bits/);
    const lossless = await opened(join(golden, 'jpeg-lossless-unsigned12.dcm'));
    const [highest, format] = [2924, { ...lossless.format, bitsStored: 11, highBit: 10 }];
    await expect(decodeFrame({ ...lossless, format, frame: 0 })).rejects.toThrow(
      new RegExp(`value \\d+ is ${highest}, expected 0 to 2047`),
    );
    const baseline = await opened(join(golden, 'jpeg-baseline.dcm'));
    const values = await decodeFrame({ ...baseline, frame: 0 });
    expect(Math.max(...values)).toBeGreaterThan(171);
  });

  it('of three components, of another process and without tables are refused', async () => {
    const changed = (name: string, marker: string, at: number, value: number) =>
      damaged(name, (bytes) => {
        bytes[bytes.indexOf(Buffer.from(marker, 'hex'), streamStart(bytes)) + at] = value;
        return bytes;
      }).then(refusal);
    expect(await changed('jpeg-baseline', 'ffc0', 9, 3)).toMatch(/it has 3 components, expected one/);
    expect(await changed('jpeg-baseline', 'ffc0', 1, 0xc2)).toMatch(/another JPEG process \(marker ffc2\)/);
    expect(await changed('jpeg-baseline', 'ffc0', 4, 10)).toMatch(/it has 10 bits per value, expected 8 or 12/);
    expect(await changed('jpeg-extended-unsigned12', 'ffdb', 1, 0xe5)).toMatch(/a table of its scan is missing/);
    expect(await changed('htj2k-signed', 'ff90', 9, 1)).toMatch(/byte \d+ is not a marker/);
  });

  it('that are lossy are counted in a note, and lossless ones are not', async () => {
    const notesOf = async (name: string) => {
      const notes: string[] = [];
      await readVolume(join(golden, `${name}.dcm`), { onNote: (note: string) => notes.push(note) });
      return notes.filter((note) => note.includes('lossily'));
    };
    expect(await notesOf('jpeg-baseline')).toEqual([
      expect.stringMatching(/1 of 1 slices were compressed lossily \(JPEG Baseline\): their values are approximate$/),
    ]);
    expect(await notesOf('htj2k-signed')).toEqual([]);
  });

  it('in an unsupported transfer syntax are refused with its name', async () => {
    const file = await opened(join(golden, 'jpeg-ls-signed.dcm'));
    for (const [uid, name] of [
      ['1.2.840.10008.1.2.4.102', 'transfer syntax 1.2.840.10008.1.2.4.102'],
      ['1.2.840.10008.1.2.4.100', 'transfer syntax 1.2.840.10008.1.2.4.100'],
    ] as const)
      await expect(decodeFrame({ ...file, syntax: findTransferSyntax(uid), frame: 0 })).rejects.toThrow(
        `its pixels are compressed as ${name}, expected no compression, RLE, JPEG, JPEG-LS or JPEG 2000`,
      );
  });
});
