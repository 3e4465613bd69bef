import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { writePhantoms } from '../../dist/phantom/index.js';
import { jsonLines, runCli } from '../support/cli.js';
import { scratchFolder } from '../support/scratch.js';

// Each test starts two or three processes.
vi.setConfig({ testTimeout: 600_000 });
const folder = scratchFolder('report');
const cli = (...args: string[]) => {
  const { status, stdout, stderr } = runCli(args, { cwd: folder, env: { OMP_NUM_THREADS: '1' } });
  return { status, stdout, stderr, end: args.includes('--json') ? jsonLines(stdout).at(-1) : undefined };
};
const pageOf = (run: string) => readFileSync(join(folder, run, 'report.html'), 'utf8');
const headings = (page: string) => [...page.matchAll(/<h2 id="(\w+)">/g)].map(([, id]) => id);
const parts = ['configuration', 'labels', 'curves', 'figures', 'nodules', 'sizes', 'calibration', 'time'];

beforeAll(async () => {
  await writePhantoms(join(folder, 'Jane Doe'), { count: 4, size: [16, 96, 96], spacing: [3, 3, 6] });
  const { status, stderr } = cli(
    ...['train', '--data', 'Jane Doe', '--out', 'run', '--epochs', '2', '--samples', '16', '--batch', '8'],
    ...['--crop-size', '32', '--threads', '1', '--images', '0', '--validation-share', '0.5', '--context-slices', '1'],
  );
  expect(status, stderr).toBe(0);
}, 300_000);

describe('report', () => {
  it('makes one self-contained page with every part', () => {
    const { status, stderr, end } = cli('report', 'run', '--json');
    expect(status, stderr).toBe(0);
    const page = pageOf('run');
    expect(end).toMatchObject({ type: 'end', status: 'finished', missing: null, bytes: Buffer.byteLength(page) });
    expect(end!.figures.nodules).toBeGreaterThan(0);
    expect(end!.bySize.reduce((sum: number, { nodules }: { nodules: number }) => sum + nodules, 0)).toBe(
      end!.figures.nodules - end!.figures.withoutAgreement,
    );
    expect(end!.calibration.confidence.value).toBeGreaterThanOrEqual(0);
    expect(headings(page)).toEqual(parts);
    expect(page).not.toMatch(/https?:|<script|<link|url\(|@import|<iframe/i);
    expect(page).not.toMatch(/Not available:|NaN|undefined|Infinity/);
    // Three pictures per nodule: whole, enlarged, and with outlines.
    const pictures = page.match(/src="data:image\/png;base64,/g)!.length;
    expect(pictures).toBeGreaterThanOrEqual(3);
    expect(pictures % 3).toBe(0);
    expect(Buffer.byteLength(page)).toBeLessThan(2e6);
  });

  it('shows the time and the memory of each epoch that the run recorded', () => {
    const events = jsonLines(readFileSync(join(folder, 'run', 'events.jsonl'), 'utf8'));
    const epochs = events.filter(({ type }) => type === 'epoch');
    expect(epochs).toHaveLength(2);
    for (const { peakRssBytes, seconds } of epochs) {
      expect(seconds).toBeGreaterThan(0);
      // Node with libtorch takes more than that, and no machine of ours has more than this.
      expect(peakRssBytes).toBeGreaterThan(100e6);
      expect(peakRssBytes).toBeLessThan(1e12);
      expect(pageOf('run')).toContain(`${(peakRssBytes / 1e9).toFixed(2)} GB`);
    }
  });

  it('does not contain the path of the data', () => expect(pageOf('run')).not.toContain('Jane Doe'));

  it('uses the run folder alone when the data are gone, and their new place with --data', () => {
    renameSync(join(folder, 'Jane Doe'), join(folder, 'elsewhere'));
    const gone = cli('report', 'run');
    expect(gone.status, gone.stderr).toBe(0);
    expect(gone.stdout).toMatch(/Without pictures, sizes, calibration and intervals: .*\(data-missing\).*--data DIR/);
    expect(gone.stdout).toMatch(/The reason: opening the data folder Jane Doe: there is no such folder/);
    expect(headings(pageOf('run'))).toEqual(parts);
    expect(pageOf('run').match(/Not available: the validation scans/g)).toHaveLength(4);
    expect(pageOf('run')).toContain('mean loss');
    expect(pageOf('run')).not.toContain('Jane Doe');
    const found = cli('report', 'run', '--data', 'elsewhere', '--scans', '1', '--json');
    expect(found.status, found.stderr).toBe(0);
    expect(found.end).toMatchObject({ missing: null, figures: { scans: 1 } });
  });

  it('refuses other data given with --data', () => {
    mkdirSync(join(folder, 'empty'));
    expect(cli('report', 'run', '--data', 'empty')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/layout/),
    });
    writeFileSync(join(folder, 'split.json'), readFileSync(join(folder, 'run', 'split.json')));
    const split = JSON.parse(readFileSync(join(folder, 'split.json'), 'utf8'));
    writeFileSync(join(folder, 'run', 'split.json'), JSON.stringify({ ...split, validation: ['1.2.3'] }));
    const other = cli('report', 'run', '--data', 'elsewhere');
    renameSync(join(folder, 'split.json'), join(folder, 'run', 'split.json'));
    expect(other).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/1 of its 1 series are missing, the first is 1\.2\.3/),
    });
  });

  it('refuses a folder that is not a run, and writes nothing into it', () => {
    const { status, stderr } = cli('report', 'elsewhere');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error: reporting on elsewhere: there is no elsewhere\/config\.json, so this is not the folder of a run/m,
    );
    expect(existsSync(join(folder, 'elsewhere', 'report.html'))).toBe(false);
    expect(cli('report').status).toBe(2);
  });
});
