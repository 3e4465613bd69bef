import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cliIn, jsonLines, startCli, succeeded } from '../support/cli.js';
import { root } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';
import { tinyScanOptions } from '../support/tinyScans.js';

const folder = scratchFolder('segment-command');
const run = cliIn(folder);
/** Loose, so that tiny phantoms have nodules. */
const loose = ['--threshold', '0.3', '--minimum-voxels', '1', '--minimum-score', '0', '--device', 'cpu'];
const model = ['--model', 'phantom-hu', ...loose];
const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');
const scansIn = (dir: string) =>
  readdirSync(join(folder, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.mhd') && !name.includes('mask'))
    .sort();
/** Every file of the results, without logs, which have times. */
const contents = (dir: string) =>
  new Map(
    readdirSync(join(folder, dir), { recursive: true, encoding: 'utf8', withFileTypes: true } as never)
      .filter((entry: any) => entry.isFile() && !entry.name.endsWith('.jsonl'))
      .map((entry: any) => join(entry.parentPath ?? entry.path, entry.name))
      .sort()
      .map((file) => [file.slice(join(folder, dir).length), readFileSync(file).toString('latin1')]),
  );

beforeAll(() => {
  succeeded(run('synth', 'scans', '--count', '50', ...tinyScanOptions));
}, 120_000);

describe('nodule-train segment', { timeout: 300_000 }, () => {
  it('writes a folder of results for one scan, and a table to the terminal', () => {
    const [scan] = scansIn('scans');
    const formats = 'nifti,mha,nrrd,json,csv,png,html,luna16-csv,seg,sr';
    const { stdout } = succeeded(
      run('segment', join('scans', scan!), ...model, '--out', 'one', '--format', formats, '--probabilities'),
    );
    const [name] = readdirSync(join(folder, 'one')).filter((entry) => !entry.endsWith('.csv'));
    expect(scan).toContain(name);
    expect(readdirSync(join(folder, 'one', name!)).sort()).toEqual([
      ...['labels.mha', 'labels.nii.gz', 'labels.nrrd', 'nodules.csv', 'nodules.json', 'nodules.png'],
      ...['probabilities.mha', 'probabilities.nii.gz', 'probabilities.nrrd', 'report.html', 'segment.log.jsonl'],
    ]);
    const { nodules, notWritten } = JSON.parse(read('one', name!, 'nodules.json'));
    expect(nodules.length).toBeGreaterThan(0);
    expect(notWritten.map(({ format }: { format: string }) => format)).toEqual(['seg', 'sr']);
    expect(stdout).toContain('No seg, sr was written: the scan is not DICOM');
    expect(stdout).toContain('--reference');
    expect(stdout).toContain('long × short, mm');
    const marks = read('one', 'luna16.csv').trim().split('\n');
    expect(marks[0]).toBe('seriesuid,coordX,coordY,coordZ,probability');
    expect(marks).toHaveLength(1 + nodules.length);
    expect(marks[1]!.split(',')[0]).toBe(name);
    const page = readFileSync(join(root, 'docs', 'reference', 'segment.md'), 'utf8');
    const documented = new Set([...page.matchAll(/`([\w.]+)`/g)].map(([, word]) => word));
    const header = (...file: string[]) =>
      read('one', ...file)
        .split('\n')[0]!
        .split(',');
    const fields = Object.keys(JSON.parse(read('one', name!, 'nodules.json')));
    for (const word of [...fields, ...header(name!, 'nodules.csv'), ...header('summary.csv'), ...marks[0]!.split(',')])
      expect(documented, word).toContain(word);
  });

  it('finishes a batch that was killed three times with the results of an undisturbed one', async () => {
    const args = ['segment', 'scans', ...model, '--format', 'csv,luna16-csv,nifti', '--workers', '2'];
    succeeded(run(...args, '--out', 'whole'));
    for (const scans of [3, 8, 13]) {
      const child = startCli([...args, '--out', 'killed', '--json'], { cwd: folder, deadline: 240_000 });
      await child.said((text) => text.split('"type":"scan"').length > scans);
      child.process.kill('SIGKILL');
      await child.ended;
      const before = readdirSync(join(folder, 'killed')).filter((name) =>
        existsSync(join(folder, 'killed', name, 'nodules.json')),
      );
      expect(before.length).toBeGreaterThanOrEqual(scans);
      expect(before.length).toBeLessThan(50);
    }
    const last = jsonLines(succeeded(run(...args, '--out', 'killed', '--json')).stdout).at(-1)!;
    expect(last).toMatchObject({ type: 'end', status: 'finished', scans: 50, done: 50, failed: [] });
    expect(last.kept).toBeGreaterThanOrEqual(13);
    expect(contents('killed')).toEqual(contents('whole'));
  });

  it('keeps finished results, and segments again where options or files changed', () => {
    const few = join(folder, 'few');
    for (const scan of scansIn('scans').slice(0, 3))
      for (const extension of ['.mhd', '.zraw'])
        cpSync(
          join(folder, 'scans', scan.replace('.mhd', extension)),
          join(few, scan.replace(/^.*\//, '').replace('.mhd', extension)),
        );
    const counts = (...more: string[]) => {
      const { kept, done } = jsonLines(
        succeeded(run('segment', 'few', ...model, '--out', 'again', '--json', '--format', 'csv', ...more)).stdout,
      ).at(-1)!;
      return [done, kept];
    };
    expect(counts()).toEqual([3, 0]);
    expect(counts()).toEqual([3, 3]);
    expect(counts('--format', 'nifti')).toEqual([3, 0]);
    expect(counts('--format', 'csv,nifti')).toEqual([3, 3]);
    expect(counts('--region', 'all')).toEqual([3, 0]);
    const [name] = readdirSync(join(folder, 'again')).filter((entry) => !entry.endsWith('.csv'));
    writeFileSync(join(folder, 'again', name!, 'nodules.json'), '{"torn');
    expect(counts('--region', 'all')).toEqual([3, 2]);
  });

  it('has files of one result alone in a folder, and no record of another one', () => {
    const [scan] = scansIn('scans');
    const name = scan!.replace(/^.*\//, '').replace('.mhd', '');
    const of = (...more: string[]) => {
      const { stdout, status } = run('segment', join('scans', scan!), ...model, '--out', 'mix', '--json', ...more);
      return { status, end: jsonLines(stdout).at(-1)! };
    };
    const files = () => readdirSync(join(folder, 'mix', name)).sort();
    expect(of('--format', 'nifti,csv').status).toBe(0);
    // The same result in one more format: what is there stays.
    expect(of('--format', 'nrrd').status).toBe(0);
    const all = ['labels.nii.gz', 'labels.nrrd', 'nodules.csv', 'nodules.json', 'segment.log.jsonl'];
    expect(files()).toEqual(all);
    expect(of('--format', 'nrrd', '--region', 'all').status).toBe(0);
    expect(files()).toEqual(all.filter((file) => !/nii|csv/.test(file)));
    // A new result that cannot be written whole: the folder has no record, or the old options would keep its files.
    mkdirSync(join(folder, 'mix', name, 'nodules.csv'));
    expect(of('--format', 'nrrd,csv').status).toBe(1);
    expect(files()).not.toContain('nodules.json');
    expect(of('--format', 'nrrd', '--region', 'all').end).toMatchObject({ done: 1, kept: 0 });
    // A record that was damaged by hand.
    const { provenance } = JSON.parse(read('mix', name, 'nodules.json'));
    writeFileSync(join(folder, 'mix', name, 'nodules.json'), JSON.stringify({ provenance }));
    expect(of('--format', 'nrrd', '--region', 'all').end).toMatchObject({ done: 1, kept: 0 });
    expect(of('--format', 'nrrd', '--region', 'all').end).toMatchObject({ done: 1, kept: 1 });
  });

  it('reports a result that cannot be written in one line, and ends where the disk is full', () => {
    const [first, second] = scansIn('scans');
    const [name] = [first!, second!].map((scan) => scan.replace(/^.*\//, '').replace('.mhd', ''));
    const of = () => {
      const args = [first!, second!].map((scan) => join('scans', scan));
      const { stdout, status } = run('segment', ...args, ...model, '--out', 'blocked', '--format', 'csv', '--json');
      return { status, end: jsonLines(stdout).at(-1)! };
    };
    mkdirSync(join(folder, 'blocked'));
    writeFileSync(join(folder, 'blocked', name!), '');
    const { status, end } = of();
    expect([status, end.done, end.failed[0].code]).toEqual([1, 1, 'output-path']);
    expect(end.failed[0].message).toMatch(/^writing a result: its folder is .* is a file, not a folder; [^\n]*$/);
    rmSync(join(folder, 'blocked', name!));
    // What a full disk says, from a device that says nothing else.
    mkdirSync(join(folder, 'blocked', name!));
    symlinkSync('/dev/full', join(folder, 'blocked', name!, 'segment.log.jsonl'));
    expect(of()).toMatchObject({ status: 1, end: { type: 'end', status: 'failed', code: 'disk-full' } });
  });

  it('goes on after a bad scan, lists it at the end, and exits with 1', () => {
    const [first, second] = scansIn('scans');
    for (const [name, text] of [
      ['a-bad.mhd', 'ObjectType = Image\nNDims = 2\n'],
      ['b-bad.nii', 'nothing'],
    ] as const)
      writeFileSync(join(folder, name), text);
    const args = ['a-bad.mhd', join('scans', first!), 'b-bad.nii', join('scans', second!)];
    const bad = run('segment', ...args, ...model, '--out', 'mixed', '--format', 'csv');
    expect(bad.status).toBe(1);
    expect(bad.stdout).toMatch(/Failed: a-bad: .*ElementDataFile/);
    expect(bad.stdout).toMatch(/Failed: b-bad: /);
    const rows = read('mixed', 'summary.csv').trim().split('\n').slice(1);
    expect(rows.map((row) => row.split(',')[2])).toEqual(['failed', 'done', 'failed', 'done']);
    const json = run('segment', ...args, ...model, '--out', 'mixed', '--format', 'csv', '--json');
    expect(json.status).toBe(1);
    const end = jsonLines(json.stdout).at(-1)!;
    expect(end).toMatchObject({ type: 'end', status: 'failed', done: 2, kept: 2 });
    expect(end.failed).toHaveLength(2);
  });

  it('writes every file for a scan without nodules', () => {
    const [scan] = scansIn('scans');
    const strict = ['--model', 'phantom-hu', '--minimum-voxels', '100000', '--device', 'cpu'];
    const { stdout } = succeeded(run('segment', join('scans', scan!), ...strict, '--out', 'none'));
    expect(stdout).toContain('No nodules.');
    const [name] = readdirSync(join(folder, 'none')).filter((entry) => !entry.endsWith('.csv'));
    for (const file of ['nodules.csv', 'nodules.png', 'report.html', 'labels.nii.gz'])
      expect(existsSync(join(folder, 'none', name!, file))).toBe(true);
    expect(JSON.parse(read('none', name!, 'nodules.json')).nodules).toEqual([]);
  });

  it.each([
    [['--model', 'none.pt'], 1, /none\.pt/],
    [['--model', 'phantom-hu', '--format', 'pdf'], 2, /Allowed choices are seg/],
    [['--model', 'phantom-hu', '--threshold', '2'], 2, /--threshold/],
    [[], 2, /--model is missing/],
  ])('refuses %j', (args, status, text) => {
    const result = run('segment', 'scans', ...args, '--out', 'refused');
    expect([result.status, text.test(result.stderr)]).toEqual([status, true]);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });
});
