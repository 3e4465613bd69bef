import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { NoduleTrainError } from '../../runtime/index.js';

/** A path, or a `file:` URL. */
export type FilePath = string | URL;

/** A file, or its bytes in memory, which are read during the call and may change after it. */
export type FileSource = FilePath | ArrayBufferLike | ArrayBufferView;

/**
 * Returns the path of a file.
 * @throws NoduleTrainError `path` for an empty path, one with a NUL, a URL of another protocol, and other values
 */
export function pathOf(what: string, file: FilePath): string {
  const fail = (found: string): never => {
    throw new NoduleTrainError('path', `${what}: found ${found}, expected a path or a file: URL`);
  };
  let path: string = typeof file === 'string' ? file : '';
  if (file instanceof URL) {
    if (file.protocol !== 'file:') return fail(`the URL ${file.href}`);
    try {
      path = fileURLToPath(file);
    } catch (cause) {
      return fail(`the URL ${file.href} (${(cause as Error).message})`);
    }
  } else if (typeof file !== 'string') return fail(file === null ? 'null' : `a ${typeof file}`);
  if (path === '') return fail('an empty path');
  if (path.includes('\0')) return fail('a path with a NUL character');
  return path;
}

/** Returns a view of bytes in memory; null for a path or URL. */
export function bytesOf(source: FileSource): Uint8Array | null {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  return types.isAnyArrayBuffer(source) ? new Uint8Array(source) : null;
}
