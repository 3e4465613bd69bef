import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

/** Appends objects as JSON lines. A last line torn by a kill is cut off first, so that every line of the file parses. */
export function openAppendLog(path: string): { append(value: object): void; close(): void } {
  if (existsSync(path)) {
    const bytes = readFileSync(path);
    truncateSync(path, bytes.lastIndexOf(10) + 1);
  }
  const file = openSync(path, 'a');
  return {
    append: (value) => writeSync(file, `${JSON.stringify(value)}\n`),
    close: () => closeSync(file),
  };
}
