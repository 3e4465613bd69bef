import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../dist/train/config/presets.js';
import { jsonLines, runCli } from '../support/cli.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedData } from '../support/shared.js';

const luna = sharedData('luna16');

// The short form, on parts of the scans, is test/process/presets.test.ts.
describe.skipIf(luna === null)('train on the two real scans (skipped without ../shared/data)', () => {
  const folder = scratchFolder('presets');

  it.each(Object.keys(PRESETS))(
    'finishes an epoch of 512 crops with the preset %s',
    { timeout: 3_600_000 },
    (preset) => {
      const given = ['--data', luna!, '--out', preset, '--preset', preset, '--epochs', '1', '--samples', '512'];
      const options = { cwd: folder, deadline: 3_600_000 };
      const { status, stdout, stderr } = runCli(['train', ...given, '--json'], options);
      expect(status, stderr).toBe(0);
      const events = jsonLines(stdout);
      expect(events.find(({ type }) => type === 'validation')!.nodules.nodules).toBeGreaterThan(0);
      expect(events.at(-1)).toMatchObject({ type: 'end', status: 'finished' });
    },
  );
});
