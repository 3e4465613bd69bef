import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

export interface AppendLog {
  append(value: object): void;
  /** Flushes everything appended so far to the disk. */
  sync(): void;
  close(): void;
}

/** Opens a file for appending objects as JSON lines. Cuts off a last line torn by a kill, so that every line parses. */
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
