import { beforeAll, describe, expect, it } from 'vitest';
import { writePhantoms } from '../../dist/phantom/index.js';
import { jsonLines, runCli } from '../support/cli.js';
import { scratchFolder } from '../support/scratch.js';

const folder = scratchFolder('plan');

const plan = (...args: string[]) => {
  const { status, stdout, stderr } = runCli(['plan', '--data', folder, '--json', '--samples', '64', ...args]);
  return { status, text: stderr, end: jsonLines(stdout).find(({ type }) => type === 'plan')! };
};

beforeAll(() => writePhantoms(folder, { count: 4, size: [24, 128, 128], spacing: [2.4, 2.4, 5] }));

describe('plan', () => {
  it('describes the data and estimates disk, memory and time', () => {
    const { status, end, text } = plan('--sample', '3');
    expect(status, text).toBe(0);
    expect(end).toMatchObject({
      fits: true,
      faults: [],
      fingerprint: {
        kind: 'luna16',
        scans: 4,
        missing: 0,
        slices: { min: 24, median: 24, max: 24 },
        columns: { median: 128 },
        intensity: 'hu',
        emptyNodules: 0,
      },
      // int16 and a mask.
      prepare: { disk: 4 * 24 * 128 * 128 * 3 },
    });
    expect(end.fingerprint.sampled).toHaveLength(3);
    expect(end.fingerprint.nodules).toBeGreaterThan(0);
    expect(end.fingerprint.diameterMm.median).toBeGreaterThan(3);
    expect(end.fingerprint.emptySlices).toBeGreaterThan(0);
    expect(end.fingerprint.emptySlices).toBeLessThan(1);
    const [darkest, middle, brightest] = end.fingerprint.values;
    expect(darkest).toBeLessThan(-900);
    expect(middle).toBeLessThan(brightest);
    for (const seconds of [end.prepare.seconds, end.train.seconds, end.secondsPerStep])
      expect(seconds).toBeGreaterThan(0);
  });

  it('fails for a plan that does not fit, and says what would fit', () => {
    const { status, end, text } = plan('--sample', '1', '--disk-gb', '0.003', '--memory-gb', '0.1');
    expect(status).toBe(1);
    expect(end).toMatchObject({ fits: false });
    expect(text).toMatch(/The store of 4 scans needs 0\.00472 GB of disk, 0\.00300 GB are free\. 2 scans would fit/);
    expect(text).toMatch(/Not even one worker fits/);
    expect(text).toMatch(/Training needs .* GB of memory, 0\.100 GB are free\. Use fewer --negatives-per-scan \(16\)/);
  });
});
