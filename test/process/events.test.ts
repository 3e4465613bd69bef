import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resumeTraining, type TrainEvent } from '../../dist/index.js';

const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const page = readFileSync(new URL('../../docs/reference/events.md', import.meta.url), 'utf8');

/** Fields and their types of each table below a heading of the third order. */
const documented = Object.fromEntries(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [name] = /[\w-]+/.exec(section) as RegExpExecArray;
      return [name, [...section.matchAll(/^\| `([\w.]+)` \| ([a-z ]+) \|/gm)].map(([, field, type]) => [field, type])];
    }),
) as Record<string, [field: string, type: string][]>;

const typeOf = (value: unknown) => (value === null ? 'null' : typeof value);
const flat = (value: object, path = ''): [string, unknown][] =>
  Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null ? flat(inner, `${path}${name}.`) : [[`${path}${name}`, inner]],
  );

/** Every field of the event is in the documentation with its type, and the other way round. */
function check(event: { type: string } & Record<string, unknown>): void {
  const { type, ...fields } = event;
  const compare = (name: string, found: [string, unknown][]) => {
    const table = documented[name] ?? [];
    expect(found.map(([field]) => field).sort(), name).toEqual(table.map(([field]) => field).sort());
    for (const [field, value] of found) {
      const wanted = new Map(table).get(field)?.split(' or ');
      expect(wanted, `${name}.${field} is ${JSON.stringify(value)}`).toContain(typeOf(value));
    }
  };
  compare(type, Object.entries(fields));
  for (const part of ['metrics', 'nodules'] as const)
    if (part in fields) compare(part, flat(fields[part] as Record<string, unknown>));
}

let folder: string;
const cli = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });
const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string } & Record<string, unknown>);

describe('events', { timeout: 120_000 }, () => {
  let lines: ReturnType<typeof linesOf>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'events-'));
    const made = cli('synth', 'scans', '--count', '4', '--size', '12,64,64', '--spacing', '5,5,12', '--threads', '1');
    if (made.status !== 0) throw new Error(made.stderr);
    const options = ['--threads', '1', '--epochs', '2', '--samples', '32', '--images', '0', '--patience', '1'];
    // An untrained network's score counts as the best, the next one is no better: so there is a note too.
    const still = ['--learning-rate', '1e-12', '--compat-zero-is-best'];
    const { status, stdout, stderr } = cli('train', '--data', 'scans', '--out', 'run', ...options, ...still, '--json');
    if (status !== 0) throw new Error(stderr);
    lines = linesOf(stdout);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('each have the fields that docs/reference/events.md says, of the types that it says, and every type of event comes', () => {
    for (const event of lines) check(event);
    const types = Object.keys(documented).filter((name) => name !== 'metrics' && name !== 'nodules');
    expect([...new Set(lines.map(({ type }) => type))].sort()).toEqual(types.sort());
  });

  it('are the same on stdout and in events.jsonl, but for the progress of a validation', () => {
    const logged = linesOf(readFileSync(join(folder, 'run', 'events.jsonl'), 'utf8'));
    expect(logged).toEqual(lines.filter(({ type }) => type !== 'validation-progress'));
  });

  it('are what the iterator yields', async () => {
    const yielded: TrainEvent[] = [];
    for await (const event of resumeTraining(join(folder, 'run'))) yielded.push(event);
    const printed = linesOf(cli('train', '--resume', join(folder, 'run'), '--json').stdout);
    expect(yielded).toEqual(printed);
    for (const event of yielded) check({ ...event });
  });

  it('end with status `failed`, code and message where training fails', () => {
    const [event] = linesOf(cli('train', '--data', 'nowhere', '--out', 'x', '--json').stdout).slice(-1);
    expect(Object.keys(event ?? {}).sort()).toEqual(['code', 'message', 'status', 'type']);
    expect(event).toMatchObject({ type: 'end', status: 'failed', code: 'data-missing' });
  });
});
