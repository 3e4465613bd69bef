import { symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readVolume } from '../../../dist/ct/index.js';
import { openDataset } from '../../../dist/data/index.js';
import { openRunFolder } from '../../../dist/train/run/runFolder.js';
import { scratchFolder } from '../../support/scratch.js';

const folder = scratchFolder('missing-paths');
const dangling = join(folder, 'dangling');
beforeAll(() => symlinkSync('/nowhere/at/all', dangling));
const missing = join(folder, 'missing');

describe('a path that does not exist', () => {
  it.each(['missing', 'missing.mhd', 'missing.nii.gz', 'missing.dcm', 'IM0001', 'dangling', 'missing/IM.1.2'])(
    'is reported as such when a scan is read: %s',
    async (name) => {
      await expect(readVolume(join(folder, name))).rejects.toThrow(/there is no such file/);
    },
  );

  it.each([missing, dangling])('is reported as such as a data folder: %s', async (path) => {
    await expect(openDataset(path)).rejects.toThrow('there is no such folder');
  });

  it('is told from a file where a data folder is expected', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'x');
    await expect(openDataset(file)).rejects.toThrow(`opening the data folder ${file}: it is a file, expected a folder`);
  });

  it.each([missing, dangling])('is reported as such as a run: %s', (path) => {
    expect(() => openRunFolder(path)).toThrow(`resuming ${path}: there is no such folder`);
  });
});
