import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../dist/train/tensorboard/crc32c.js';
import { TensorboardWriter, tfRecord } from '../../../dist/train/tensorboard/tensorboard.js';
import type { EventFilePosition } from '../../../dist/train/tensorboard/tensorboardFiles.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('crc32c', () => {
  it("computes the check value of its definition for '123456789'", () => {
    expect(crc32c(bytes('123456789'))).toBe(0xe3069283);
  });
  it('computes the values of RFC 3720, B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });
});

describe('TensorboardWriter', () => {
  const folder = scratchFolderPerTest('tensorboard');

  it('frames a record with its length and the masked CRC of both', () => {
    const record = tfRecord(bytes('nodule'));
    const view = new DataView(record.buffer);
    expect(view.getBigUint64(0, true)).toBe(6n);
    expect(view.getUint32(8, true)).toBe(maskedCrc32c(record.subarray(0, 8)));
    expect(view.getUint32(18, true)).toBe(maskedCrc32c(bytes('nodule')));
    expect(record.length).toBe(22);
  });

  it('starts with the version record and frames every event to the last byte', () => {
    const writer = new TensorboardWriter(folder);
    writer.scalar('loss', 0.25, 3_000_000_000);
    writer.text('config', '# run', 1);
    writer.image('slice', { width: 2, height: 1, rgb: Uint8Array.from([0, 255, 0, 255, 0, 0]) }, 1);
    const path = writer.path as string;
    writer.close();
    const file = readFileSync(path);
    const events: Buffer[] = [];
    for (let at = 0; at < file.length; ) {
      const length = Number(file.readBigUInt64LE(at));
      events.push(file.subarray(at + 12, at + 12 + length));
      at += 16 + length;
      expect(at).toBeLessThanOrEqual(file.length);
    }
    expect(events).toHaveLength(4);
    expect(events[0]?.includes('brain.Event:2')).toBe(true);
    // Field 2, varint 3,000,000,000: beyond the range of 32-bit shifts.
    expect(events[1]?.includes(Buffer.from([0x10, 0x80, 0xbc, 0xc1, 0x96, 0x0b]))).toBe(true);
    expect(events[3]?.includes(Buffer.from('PNG'))).toBe(true);
  });

  it('creates no file before the first record', () => {
    const writer = new TensorboardWriter(join(folder, 'none'));
    expect([writer.path, writer.position()]).toEqual([null, null]);
    writer.close();
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('removes records after the position of a resumed run, and continues in a file that sorts after it', () => {
    const first = new TensorboardWriter(folder);
    first.scalar('loss', 1, 4);
    const position = first.position() as EventFilePosition;
    first.scalar('loss', 0.5, 8);
    first.close();
    const late = new TensorboardWriter(folder, { position });
    late.scalar('loss', 0.25, 8);
    late.close();
    expect(position.step).toBe(4);
    expect(statSync(join(folder, position.file)).size).toBe(position.bytes);
    const again = new TensorboardWriter(folder, { position });
    expect(readdirSync(folder)).toEqual([position.file]);
    again.scalar('loss', 0.25, 8);
    again.close();
    expect(readdirSync(folder).sort()[0]).toBe(position.file);
    const emptied = new TensorboardWriter(folder, { position: null });
    expect(readdirSync(folder)).toEqual([]);
    emptied.close();
  });

  it('never makes a torn file longer', () => {
    const writer = new TensorboardWriter(folder);
    writer.scalar('loss', 1, 4);
    const position = writer.position() as EventFilePosition;
    writer.close();
    truncateSync(join(folder, position.file), position.bytes - 3);
    new TensorboardWriter(folder, { position }).close();
    expect(statSync(join(folder, position.file)).size).toBe(position.bytes - 3);
  });

  it('names its file so that it sorts after existing ones, even if the clock was set back', () => {
    const later = `events.out.tfevents.${(Date.now() / 1000 + 9999).toFixed(3).padStart(14, '0')}.host.1`;
    writeFileSync(join(folder, later), '');
    const writer = new TensorboardWriter(folder);
    writer.scalar('loss', 1, 1);
    writer.close();
    const names = readdirSync(folder).sort();
    expect([names.length, names[0]]).toEqual([2, later]);
  });
});
