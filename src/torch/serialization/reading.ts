import fs from 'node:fs';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Slot } from '../native.js';
import { native } from '../native.js';
import { lazyOp } from '../operators/operators.js';
import { isTensor, slotOf, type Tensor } from '../tensor/tensor.js';
import { bytesOf, type FilePath, type FileSource, pathOf } from './fileSource.js';

declare module '../native.js' {
  interface Native {
    readFile(slot: Slot, descriptor: number, position: number, swapBytes: boolean): void;
    bytesOfTensor(slot: Slot): number;
    fillFromBytes(slot: Slot, bytes: Uint8Array, swapBytes: boolean): void;
    readFileAsync(slot: Slot, descriptor: number, position: number, swapBytes: boolean): Promise<void>;
  }
}

export interface OpenFile {
  path: string;
  /** Size in bytes. */
  size: number;
}

/** Request of a reader: the bytes from `at` on, as many as `into` holds. A Tensor must be contiguous and on the CPU. */
export interface Read {
  at: number;
  into: Uint8Array | Tensor;
  /** The file's numbers are big-endian. */
  swapBytes?: boolean;
}

/** Request of a reader: work on bytes in memory, done at once, or asynchronously off the thread or in slices. */
export interface Work {
  run(): void;
  runAsync(): Promise<void>;
}

/**
 * A reader of a format, written once for blocking and asynchronous use: it yields requests and continues when they are
 * done.
 */
export type Reading<T> = Generator<Read | Work, T, void>;
export type Reader<T> = (file: OpenFile) => Reading<T>;

/** Errors of the operating system, as a user understands them. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file. Check the path',
  EACCES: 'this user may not read it. Check its permissions',
  EISDIR: 'it is a folder, expected a file',
  ENOTDIR: 'a part of its path is not a folder. Check the path',
  ENAMETOOLONG: 'its name is too long',
};

const unreadable = (path: string, cause: unknown): NoduleTrainError => {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  const found = Object.hasOwn(CAUSES, code) ? CAUSES[code] : message;
  return new NoduleTrainError('read-failed', `reading ${path}: ${found}`, { cause });
};

// Without O_NONBLOCK, opening a pipe would wait for a writer.
const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);

const sizeOf = (path: string, stat: fs.Stats): number => {
  if (!stat.isFile()) throw unreadable(path, new Error('it is not a regular file'));
  return stat.size;
};

const shortened = new Error('the file became shorter while it was being read');

const readSync = (descriptor: number, at: number, into: Uint8Array): void => {
  for (let done = 0; done < into.length; ) {
    const got = fs.readSync(descriptor, into, done, into.length - done, at + done);
    if (got === 0) throw shortened;
    done += got;
  }
};

const fillSync = (descriptor: number, request: Read | Work): void => {
  if ('run' in request) request.run();
  else if (isTensor(request.into))
    native().readFile(slotOf(request.into), descriptor, request.at, request.swapBytes === true);
  else readSync(descriptor, request.at, request.into);
};

const fill = async (handle: fs.promises.FileHandle, request: Read | Work): Promise<void> => {
  if ('run' in request) return request.runAsync();
  const { at, into, swapBytes } = request;
  if (isTensor(into)) return native().readFileAsync(slotOf(into), handle.fd, at, swapBytes === true);
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, at + done);
    if (bytesRead === 0) throw shortened;
    done += bytesRead;
  }
};

/** How errors name bytes in memory. */
const IN_MEMORY = 'a buffer';

/** Steps of a reader until it ends. A failure is thrown into it, so that it frees what it has made so far. */
function runSync<T>(reading: Reading<T>, fill: (request: Read | Work) => void, path: string): T {
  let step = reading.next();
  while (step.done !== true) {
    let failure: unknown;
    try {
      fill(step.value);
    } catch (cause) {
      failure = cause instanceof NoduleTrainError ? cause : unreadable(path, cause);
    }
    step = failure === undefined ? reading.next() : reading.throw(failure);
  }
  return step.value;
}

/** Runs a reader on bytes in memory. They are copied, so they may change later. */
function readBytes<T>(bytes: Uint8Array, reader: Reader<T>): T {
  const fill = (request: Read | Work): void => {
    if ('run' in request) {
      request.run();
      return;
    }
    const { at, into, swapBytes } = request;
    const length = isTensor(into) ? native().bytesOfTensor(slotOf(into)) : into.length;
    const part = bytes.subarray(at, at + length);
    if (part.length !== length) throw shortened;
    if (isTensor(into)) native().fillFromBytes(slotOf(into), part, swapBytes === true);
    else into.set(part);
  };
  return runSync(reader({ path: IN_MEMORY, size: bytes.length }), fill, IN_MEMORY);
}

/** Runs a reader on this thread. @throws NoduleTrainError `path`, `read-failed`, and what the reader throws */
export function readFileSync<T>(source: FileSource, reader: Reader<T>): T {
  const bytes = bytesOf(source);
  if (bytes !== null) return readBytes(bytes, reader);
  const path = pathOf('reading a file', source as FilePath);
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, FLAGS);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const file = { path, size: sizeOf(path, fs.fstatSync(descriptor)) };
    return runSync(reader(file), (request) => fillSync(descriptor, request), path);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Like {@link readFileSync}, but reads a file off this thread; bytes in memory are read during the call. */
export async function readFile<T>(source: FileSource, reader: Reader<T>): Promise<T> {
  const bytes = bytesOf(source);
  if (bytes !== null) return readBytes(bytes, reader);
  const path = pathOf('reading a file', source as FilePath);
  const handle = await fs.promises.open(path, FLAGS).catch((cause) => {
    throw unreadable(path, cause);
  });
  try {
    const file = { path, size: sizeOf(path, await handle.stat()) };
    const reading = reader(file);
    let step = reading.next();
    while (step.done !== true) {
      let failure: unknown;
      try {
        await fill(handle, step.value);
      } catch (cause) {
        failure = cause instanceof NoduleTrainError ? cause : unreadable(path, cause);
      }
      step = failure === undefined ? reading.next() : reading.throw(failure);
    }
    return step.value;
  } finally {
    await handle.close();
  }
}

/** Runs a reader on bytes in memory. The reader must request bytes only, no Tensor. */
export function readMemory<T>(path: string, bytes: Uint8Array, reader: Reader<T>): T {
  const reading = reader({ path, size: bytes.length });
  for (;;) {
    const step = reading.next();
    if (step.done === true) return step.value;
    const request = step.value;
    if ('run' in request || isTensor(request.into))
      throw new Error('readMemory: the reader requests a Tensor or work, expected bytes');
    request.into.set(bytes.subarray(request.at, request.at + request.into.length));
  }
}

/** Reads `length` bytes from `at` on. @throws NoduleTrainError `read-failed` beyond the end of the file */
export function* bytesAt(file: OpenFile, at: number, length: number): Reading<Buffer> {
  if (!(at >= 0 && length >= 0 && at + length <= file.size))
    throw unreadable(file.path, new Error(`expected bytes ${at} to ${at + length}, the file has ${file.size}`));
  const into = Buffer.allocUnsafeSlow(length);
  yield { at, into };
  return into;
}

const makeEmpty = lazyOp('aten::empty.memory_format');

/** Reads a tensor from `at` on, without a second copy. The caller has checked that the file has enough bytes. */
export function* tensorAt(at: number, dtype: string, shape: readonly number[], swapBytes = false): Reading<Tensor> {
  const into = makeEmpty(shape, { dtype });
  try {
    yield { at, into, swapBytes };
    return into;
  } catch (error) {
    into.dispose();
    throw error;
  }
}
