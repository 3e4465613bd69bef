import { randomUUID } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

// The path is known at once, the folder made in a hook: a skipped suite runs no hooks, and so makes and leaves nothing.
const pathFor = (name: string) => path.join(realpathSync(tmpdir()), `nodule-train-${name}-${randomUUID()}`);
const make = (folder: string) => void mkdirSync(folder, { mode: 0o700 });
const remove = (folder: string) => rmSync(folder, { recursive: true, force: true });

/**
 * A folder for the tests of the calling file or `describe`: made before the first of them, removed after the last, also
 * where one fails. Call it above other hooks that use the folder.
 */
export function scratchFolder(name: string): string {
  const folder = pathFor(name);
  beforeAll(() => make(folder));
  afterAll(() => remove(folder));
  return folder;
}

/** The same, empty again for each test. */
export function scratchFolderPerTest(name: string): string {
  const folder = pathFor(name);
  beforeEach(() => make(folder));
  afterEach(() => remove(folder));
  return folder;
}
