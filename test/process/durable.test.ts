import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, runCli } from '../support/cli.js';
import { inSupport } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';
import { writeTinyScans } from '../support/tinyScans.js';

type Entry = { sync: string } | { rename: string; to: string };
const folder = scratchFolder('durable');

/** Runs a command and returns its renames and fsyncs in order. */
function recorded(...args: string[]): Entry[] {
  const log = join(folder, `${args[0]}.syncs`);
  const env = { NODE_OPTIONS: `--import ${inSupport('recordSyncs.mjs')}`, RECORDED_SYNCS: log };
  const { status, stderr } = runCli(args, { env });
  expect(status, stderr).toBe(0);
  return jsonLines(readFileSync(log, 'utf8')) as unknown as Entry[];
}

/** Names of files that were renamed into place but that a power cut could empty or undo. */
const unsafe = (entries: Entry[]): string[] =>
  entries.flatMap((entry, at) => {
    if (!('rename' in entry)) return [];
    const before = entries.slice(0, at).some((other) => 'sync' in other && other.sync === entry.rename);
    const after = entries.slice(at + 1).some((other) => 'sync' in other && other.sync === dirname(entry.to));
    return before && after ? [] : [basename(entry.to)];
  });
const renamed = (entries: Entry[]): string[] => [
  ...new Set(entries.flatMap((entry) => ('rename' in entry ? [basename(entry.to)] : []))),
];

beforeAll(() => writeTinyScans(join(folder, 'scans')));

describe('a power cut loses no finished file: each is synced before its rename, and its folder after it', () => {
  it('train and report', () => {
    const run = join(folder, 'run');
    const data = join(folder, 'scans');
    const entries = recorded(
      'train',
      '--data',
      data,
      '--out',
      run,
      '--epochs',
      '1',
      '--samples',
      '16',
      '--context-slices',
      '0',
      '--network-wf',
      '2',
      '--device',
      'cpu',
    );
    expect(renamed(entries)).toEqual(
      expect.arrayContaining(['config.json', 'manifest.json', 'split.json', 'metrics.csv', 'last.safetensors']),
    );
    expect(unsafe(entries)).toEqual([]);
    const last = entries.findLastIndex(
      (entry) => 'rename' in entry && entry.to === join(run, 'checkpoints', 'last.safetensors'),
    );
    const checkpoint = entries.slice(0, last);
    for (const name of ['events.jsonl', 'events.out.tfevents'])
      expect(checkpoint.some((entry) => 'sync' in entry && entry.sync.includes(name))).toBe(true);

    const reported = recorded('report', run);
    expect(renamed(reported)).toContain('report.html');
    expect(unsafe(reported)).toEqual([]);
  }, 120_000);

  it('prepare', () => {
    const store = join(folder, 'store');
    const entries = recorded('prepare', '--data', join(folder, 'scans'), '--out', store);
    const files = entries.filter(
      (entry) => 'rename' in entry && entry.to.startsWith(store) && entry.to.endsWith('.json'),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(unsafe(entries.filter((entry) => !('rename' in entry) || entry.to.endsWith('.json')))).toEqual([]);
  });
});
