import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVolume } from '../../../dist/ct/index.js';
import { readMaskFor } from '../../../dist/labels/index.js';
import { scratch, series } from '../../support/dicomSeries.js';
import { inSupport } from '../../support/paths.js';
import { pythonInterpreter } from '../../support/python.js';

const python = pythonInterpreter();
const installed = python !== null && spawnSync(python, ['-c', 'import highdicom']).status === 0;
describe(`masks as highdicom and pydicom write them${installed ? '' : '; skipped: no highdicom (npm run python)'}`, () => {
  it.skipIf(!installed)('have their voxels, by names beyond ASCII', { timeout: 120_000 }, async () => {
    const dir = await series();
    const out = join(scratch(), 'written');
    mkdirSync(out);
    const { status, stderr } = spawnSync(python!, [inSupport('writeMasks.py'), dir, out], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const volume = await readVolume(dir);
    const labels: Record<string, string> = { ring: '肺结节', 'ring implicit': '肺結節', 'ring deflated': 'узел' };
    const read = readdirSync(out);
    for (const name of read) {
      const notes: string[] = [];
      const segment = labels[name] ?? 'läsion 結節';
      const voxels = await readMaskFor(volume, join(out, name), { segment, onNote: (text) => notes.push(text) });
      if (name in labels) {
        // The middles of rows 1 and 2 of column 1 are within 0.9 of [1.5, 1].
        const marked = [...voxels].flatMap((value, at) => (value ? [at] : []));
        expect([name, marked]).toEqual([name, [16, 19]]);
      } else expect([name, [...voxels]]).toEqual([name, Array.from(volume.voxels, (_, at) => (at % 3 === 0 ? 1 : 0))]);
      expect(notes.filter((note) => !note.includes('is fractional'))).toEqual([]);
    }
    expect(read.length).toBeGreaterThanOrEqual(9);
  });
});
