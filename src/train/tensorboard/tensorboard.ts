import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { encode } from 'fast-png';
import type { RgbImage } from '../../ct/index.js';
import { syncFolder } from '../../runtime/index.js';
import { maskedCrc32c } from './crc32c.js';
import { bytesField, concat, doubleField, doublesField, floatField, floatsField, varintField } from './protobuf.js';
import { cutEventFiles, type EventFilePosition, newEventFileName } from './tensorboardFiles.js';

// `DataType` of types.proto.
const DT_FLOAT = 1;
const DT_STRING = 7;
/** `SessionLog.SessionStatus.START`. */
const SESSION_START = 1;

/** A histogram in the form of TensorBoard's `HistogramProto`. */
export interface Histogram {
  min: number;
  max: number;
  count: number;
  sum: number;
  sumOfSquares: number;
  /** Upper limits of the bins, ascending, as many as `counts`. */
  limits: ArrayLike<number> & Iterable<number>;
  counts: ArrayLike<number> & Iterable<number>;
}

/** Where a resumed run continues its records. */
export interface ResumeFrom {
  /** Position after which records are removed; null removes all. */
  position: EventFilePosition | null;
}

/**
 * Writes TensorBoard's event files: TFRecords of `tensorflow.Event` (event.proto and summary.proto of TensorFlow; only
 * the field numbers used here). Synchronous, like the loop that calls it. The file is created on first write, so an
 * unused writer leaves no file.
 */
export class TensorboardWriter {
  readonly #folder: string;
  readonly #purgeStep: number | undefined;
  #file: { descriptor: number; path: string } | null = null;
  #position: EventFilePosition | null = null;
  #synced = true;

  /**
   * @param resume removes the records after that position, which the run is about to write again, and continues in a
   *   new file, because a TensorBoard that is reading would fail on a file that shrinks and grows
   */
  constructor(folder: string, resume?: ResumeFrom) {
    this.#folder = folder;
    if (resume === undefined) return;
    cutEventFiles(folder, resume.position);
    this.#position = resume.position;
    this.#purgeStep = resume.position === null ? 0 : resume.position.step + 1;
  }

  /** Path of the current file; null before the first record. */
  get path(): string | null {
    return this.#file?.path ?? null;
  }

  /** Writes a number. */
  scalar(tag: string, value: number, step: number): void {
    this.#summary(step, bytesField(1, tag), floatField(2, value));
  }

  /**
   * Writes a picture.
   * @param description Markdown, shown beside the picture
   */
  image(tag: string, { width, height, rgb }: RgbImage, step: number, description = ''): void {
    const png = encode({ width, height, data: rgb, channels: 3, depth: 8 });
    const image = concat(varintField(1, height), varintField(2, width), varintField(3, 3), bytesField(4, png));
    this.#summary(step, bytesField(1, tag), bytesField(4, image), metadata('images', undefined, description));
  }

  /** Writes Markdown text. */
  text(tag: string, markdown: string, step: number): void {
    const tensor = concat(varintField(1, DT_STRING), bytesField(2, dimension(1)), bytesField(8, markdown));
    this.#summary(step, bytesField(1, tag), bytesField(8, tensor), metadata('text'));
  }

  /** Writes a histogram. */
  histogram(tag: string, histogram: Histogram, step: number): void {
    const { min, max, count, sum, sumOfSquares, limits, counts } = histogram;
    const figures = [min, max, count, sum, sumOfSquares].map((value, n) => doubleField(n + 1, value));
    const proto = concat(...figures, doublesField(6, limits), doublesField(7, counts));
    this.#summary(step, bytesField(1, tag), bytesField(5, proto));
  }

  /**
   * Writes a float32 tensor `[rows, length]` for a plugin.
   * @param rows rows of equal length, as many as the plugin expects
   */
  table(tag: string, rows: readonly (readonly number[])[], step: number, plugin: PluginData, description = ''): void {
    const shape = concat(dimension(rows.length), dimension(rows[0]?.length ?? 0));
    const tensor = concat(varintField(1, DT_FLOAT), bytesField(2, shape), floatsField(5, rows.flat()));
    this.#summary(step, bytesField(1, tag), bytesField(8, tensor), metadata(plugin.name, plugin.content, description));
  }

  /** Writes a record whose content is all in its plugin data. */
  pluginOnly(tag: string, { name, content }: PluginData): void {
    // Readers require a tensor. TensorBoard's own writer adds an empty one of floats.
    const empty = concat(varintField(1, DT_FLOAT), bytesField(2, dimension(0)));
    this.#summary(0, bytesField(1, tag), bytesField(8, empty), metadata(name, content));
  }

  /** Writes a record whose value is one byte string that the plugin parses. */
  pluginBytes(tag: string, { name, content }: PluginData): void {
    const tensor = concat(varintField(1, DT_STRING), bytesField(2, new Uint8Array(0)), bytesField(8, content));
    this.#summary(0, bytesField(1, tag), bytesField(8, tensor), metadata(name));
  }

  /** Flushes the records to the disk and returns where they end, for a checkpoint; null if nothing was written. */
  position(): EventFilePosition | null {
    if (this.#file !== null && !this.#synced) fdatasyncSync(this.#file.descriptor);
    this.#synced = true;
    return this.#position === null ? null : { ...this.#position };
  }

  close(): void {
    if (this.#file === null) return;
    this.position();
    closeSync(this.#file.descriptor);
    this.#file = null;
  }

  #summary(step: number, ...value: Uint8Array[]): void {
    this.#file ??= this.#open();
    this.#write(step, bytesField(5, bytesField(1, concat(...value))));
  }

  #open(): { descriptor: number; path: string } {
    mkdirSync(this.#folder, { recursive: true });
    const path = join(this.#folder, newEventFileName(this.#folder, `${hostname()}.${process.pid}`));
    this.#file = { descriptor: openSync(path, 'wx'), path };
    this.#position = { file: basename(path), bytes: 0, step: this.#position?.step ?? 0 };
    syncFolder(this.#folder);
    this.#write(0, bytesField(3, 'brain.Event:2'));
    // A TensorBoard that was reading drops the records of the steps to be repeated.
    if (this.#purgeStep !== undefined) this.#write(this.#purgeStep, bytesField(7, varintField(1, SESSION_START)), 0);
    return this.#file;
  }

  #write(step: number, what: Uint8Array, lastStep = step): void {
    const record = tfRecord(concat(doubleField(1, Date.now() / 1000), varintField(2, step), what));
    const { descriptor } = this.#file as { descriptor: number };
    for (let at = 0; at < record.length; ) at += writeSync(descriptor, record, at);
    const position = this.#position as EventFilePosition;
    position.bytes += record.length;
    position.step = Math.max(position.step, lastStep);
    this.#synced = false;
  }
}

/** Metadata of a record for a TensorBoard plugin. */
export interface PluginData {
  name: string;
  content: Uint8Array;
}

/** Encodes one dimension of a `TensorShapeProto`. */
const dimension = (size: number) => bytesField(2, varintField(1, size));

/** Encodes `SummaryMetadata`. TensorBoard knows the data class of its own plugins. */
const metadata = (plugin: string, content: Uint8Array = new Uint8Array(0), description = '') =>
  bytesField(
    9,
    concat(
      bytesField(1, concat(bytesField(1, plugin), bytesField(2, content))),
      ...(description === '' ? [] : [bytesField(3, description)]),
    ),
  );

/** Frames a TFRecord: length (uint64), its masked CRC, the data, its masked CRC; all little endian. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}
