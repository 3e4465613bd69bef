import { existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** How far a run's event files are written; kept in each checkpoint, so that a resumed run writes nothing twice. */
export interface EventFilePosition {
  /** Name of the last file. */
  file: string;
  /** Its length. */
  bytes: number;
  /** The highest step in it or before it. */
  step: number;
}

const pattern = /^events\.out\.tfevents\.(\d{10}\.\d{3})\./;

const eventFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => pattern.test(name))
        .sort()
    : [];

/**
 * A name that comes after those that are there: TensorBoard reads the files of a folder in the order of their names, so the time has a
 * fixed width, and a clock that was set back changes nothing.
 */
export function newEventFileName(folder: string, writer: string): string {
  const last = eventFiles(folder).at(-1)?.match(pattern)?.[1];
  const milliseconds = Math.max(Date.now(), last === undefined ? 0 : Math.round(Number(last) * 1000) + 1);
  return `events.out.tfevents.${(milliseconds / 1000).toFixed(3).padStart(14, '0')}.${writer}`;
}

/** Takes away all records after `position`; null: all. */
export function cutEventFiles(folder: string, position: EventFilePosition | null): void {
  for (const name of eventFiles(folder)) {
    const path = join(folder, name);
    if (position === null || name > position.file) rmSync(path);
    else if (name === position.file && statSync(path).size > position.bytes) truncateSync(path, position.bytes);
  }
}
