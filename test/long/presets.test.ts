import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRESETS } from '../../dist/train/config/presets.js';
import { sharedData } from '../support/shared.js';

const luna = sharedData('luna16');
const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;

// The short form, on parts of the scans, is test/process/presets.test.ts.
describe.skipIf(luna === null)('train on the two real scans (skipped without ../shared/data)', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'presets-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.keys(PRESETS))('runs an epoch of 512 crops with the preset %s', { timeout: 3_600_000 }, (preset) => {
    const given = ['--data', luna!, '--out', preset, '--preset', preset, '--epochs', '1', '--samples', '512'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'train', ...given, '--json'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    expect(status, stderr).toBe(0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.find(({ type }) => type === 'validation').nodules.nodules).toBeGreaterThan(0);
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'finished' });
  });
});
