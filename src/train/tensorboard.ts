import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { maskedCrc32c } from './crc32c.js';
import { bytesField, concat, doubleField, floatField, varintField } from './protobuf.js';

/** A picture of `width * height` pixels of three bytes, row by row. */
export interface RgbImage {
  width: number;
  height: number;
  rgb: Uint8Array;
}

/**
 * Writes one TensorBoard event file: TFRecords of `tensorflow.Event` (event.proto and summary.proto of TensorFlow;
 * only the field numbers used here). Synchronous, as the loop that calls it is.
 */
export class TensorboardWriter {
  readonly path: string;
  readonly #file: number;

  /** @param purgeStep where a resumed run goes on: TensorBoard then forgets what was written at this step and later */
  constructor(folder: string, purgeStep?: number) {
    mkdirSync(folder, { recursive: true });
    // TensorBoard reads the files of a folder in the order of their names, so the time has a fixed width.
    const seconds = (Date.now() / 1000).toFixed(3).padStart(14, '0');
    this.path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}`);
    this.#file = openSync(this.path, 'wx');
    this.#write(0, bytesField(3, 'brain.Event:2'));
    const sessionStart = 1;
    if (purgeStep !== undefined) this.#write(purgeStep, bytesField(7, varintField(1, sessionStart)));
  }

  scalar(tag: string, value: number, step: number): void {
    this.#write(step, summary(bytesField(1, tag), floatField(2, value)));
  }

  image(tag: string, { width, height, rgb }: RgbImage, step: number): void {
    const png = encode({ width, height, data: rgb, channels: 3, depth: 8 });
    const image = concat(varintField(1, height), varintField(2, width), varintField(3, 3), bytesField(4, png));
    this.#write(step, summary(bytesField(1, tag), bytesField(4, image)));
  }

  /** Markdown text. */
  text(tag: string, markdown: string, step: number): void {
    const string = 7; // DataType.DT_STRING
    const tensor = concat(
      varintField(1, string),
      bytesField(2, bytesField(2, varintField(1, 1))),
      bytesField(8, markdown),
    );
    const metadata = bytesField(1, bytesField(1, 'text'));
    this.#write(step, summary(bytesField(1, tag), bytesField(8, tensor), bytesField(9, metadata)));
  }

  close(): void {
    fdatasyncSync(this.#file);
    closeSync(this.#file);
  }

  #write(step: number, what: Uint8Array): void {
    writeSync(this.#file, tfRecord(concat(doubleField(1, Date.now() / 1000), varintField(2, step), what)));
  }
}

const summary = (...value: Uint8Array[]) => bytesField(5, bytesField(1, concat(...value)));

/** Length (uint64), its masked CRC, the data, its masked CRC; all little endian. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}
