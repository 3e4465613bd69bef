import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

export interface AppendLog {
  append(value: object): void;
  /** Forces what was appended to the disk. */
  sync(): void;
  close(): void;
}

/** Appends objects as JSON lines. A last line torn by a kill is cut off first, so that every line of the file parses. */
export function openAppendLog(path: string): AppendLog {
  if (existsSync(path)) {
    const bytes = readFileSync(path);
    truncateSync(path, bytes.lastIndexOf(10) + 1);
  }
  const file = openSync(path, 'a');
  return {
    append: (value) => writeSync(file, `${JSON.stringify(value)}\n`),
    sync: () => fdatasyncSync(file),
    close: () => {
      fdatasyncSync(file);
      closeSync(file);
    },
  };
}
