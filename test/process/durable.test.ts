import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = resolve(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const recorder = resolve(import.meta.dirname, '..', 'support', 'recordSyncs.mjs');

type Entry = { sync: string } | { rename: string; to: string };
let folder: string;

/** Runs a command and returns what it renamed and forced to the disk, in order. */
function recorded(...args: string[]): Entry[] {
  const log = join(folder, `${args[0]}.syncs`);
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: `--import ${recorder}`, RECORDED_SYNCS: log },
  });
  expect(status, stderr).toBe(0);
  return readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
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

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'nodule-train-durable-')));
  const made = spawnSync(process.execPath, [main, 'synth', join(folder, 'scans'), '--count', '3']);
  expect(made.status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a power cut loses nothing that was written: every file is forced to the disk before its rename, its folder after it', () => {
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
