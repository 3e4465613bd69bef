import { existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** End of a run's event files. Checkpoints save it, so that a resumed run writes no record twice. */
export interface EventFilePosition {
  /** Name of the last file. */
  file: string;
  /** Length of the last file. */
  bytes: number;
  /** Highest step in all files. */
  step: number;
}

const EVENT_FILE = /^events\.out\.tfevents\.(\d{10}\.\d{3})\./;

const eventFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => EVENT_FILE.test(name))
        .sort()
    : [];

/**
 * Returns a file name that sorts after the existing ones, because TensorBoard reads a folder's files in the order of
 * their names. The time has a fixed width, and a clock that was set back does no harm.
 */
export function newEventFileName(folder: string, writer: string): string {
  const last = eventFiles(folder).at(-1)?.match(EVENT_FILE)?.[1];
  const milliseconds = Math.max(Date.now(), last === undefined ? 0 : Math.round(Number(last) * 1000) + 1);
  return `events.out.tfevents.${(milliseconds / 1000).toFixed(3).padStart(14, '0')}.${writer}`;
}

/** Removes all records after `position`; null removes all. */
export function cutEventFiles(folder: string, position: EventFilePosition | null): void {
  for (const name of eventFiles(folder)) {
    const path = join(folder, name);
    if (position === null || name > position.file) rmSync(path);
    else if (name === position.file && statSync(path).size > position.bytes) truncateSync(path, position.bytes);
  }
}
